import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../../../../cli/output/template/index.ts';
import { refusal, render } from './support.ts';

describe('fields', () => {
  it.each([
    ['{{.Name}}', '/web'],
    ['{{ .State.Pid }}', '4242'],
    ['{{.State.Running}} {{.State.ExitCode}} {{.Ratio}} {{.Size}}', 'true 0 1234.5678 778'],
    ['{{.State.Health}}', '<nil>'],
    ['{{.Config.Labels}}', 'map[a.b:c com.example.b:two plain:word zero:]'],
    ['{{.Config.Env}}', '[PATH=/bin:/usr/bin HOME=/root EMPTY=]'],
    [
      '{{.Config.Empty}} {{.Config.None}} {{.Numbers}} {{.Floats}} {{.Counts}}',
      'map[] [] [3 -1 0] [0.5 1e-07 2.5] map[a:1 b:2]',
    ],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('names of maps', () => {
  it.each([
    ['{{.Config.Labels.plain}}', 'word'],
    ['{{.Config.Labels.nope}}', '<no value>'],
    ['{{.Config.Labels.nope.deeper}}', '<no value>'],
    ['{{.Config.Labels.constructor}}', '<no value>'],
    ['{{.Config.Labels.__proto__}}', '<no value>'],
    ['{{.Config.Empty.x}}', '<no value>'],
    ['{{if .Config.Labels.nope}}a{{else}}b{{end}}', 'b'],
    ['{{print .Config.Labels.nope}}', '<nil>'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('names that a struct does not have', () => {
  it.each([
    ['{{.Nope}}', /1:3: there is no field "Nope"; there are Config, Control, Counts/],
    ['{{.constructor}}', /there is no field "constructor"/],
    ['{{.toString}}', /there is no field/],
    ['{{.State.Nope}}', /; there are ExitCode, Health, Pid, Running, Status$/],
    ['{{.Name.Nope}}', /there is no field "Nope" in a value of type string/],
    ['{{.Name.length}}', /no field "length" in a value of type string/],
    ['{{.Mounts.Source}}', /in a value of type \[\]map/],
    ['{{.Config.Labels.plain.deeper}}', /of type string/],
    ['{{.State.Health.Status}}', /"Status" is asked of what is null/],
    ['{{(.Name).Foo}}', /no field "Foo"/],
    ['{{(1).Foo}}', /no field "Foo" in a value of type int/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});

describe('arguments of what is no method', () => {
  it.each([
    ['{{.State.Pid 1}}', /"Pid" is no method/],
    ['{{1 | .State.Pid}}', /"Pid" is no method/],
    ['{{.Config.Labels.plain "x"}}', /is no method/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});

describe('what tells a map from a struct', () => {
  const field = (value: object, name: string) => parseTemplate(`{{.${name}}}`)(value);

  it.each([{}, { 'a.b': '1' }, { lower: '1' }, { Version: '1', 'a.b': '2' }, { 'With-Dash': '1' }])(
    '%j is a map',
    (value) => {
      expect(field(value, 'Nope')).toBe('<no value>');
    },
  );

  it.each([{ Name: '' }, { ID: '', IPAddress: '' }])('%j is a struct', (value) => {
    expect(() => field(value, 'Nope')).toThrow('there is no field "Nope"');
  });

  it('lists a part of many names', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`F${index}`, index]));
    expect(refusal('{{.Nope}}', many)).toMatch(/; there are F0, F1, .* and 10 more$/);
  });
});

describe('a method', () => {
  const row = { Name: 'web', Label: (name: string) => `<${name}>\u001b` };

  it.each([
    ['{{.Label "a.b"}}', '<a.b>\\x1b'],
    ['{{"a" | .Label}}', '<a>\\x1b'],
    ['{{upper (.Label "a")}}', '<A>\\x1b'],
    ['{{json .}}', '{"Name":"web"}'],
    ['{{.}}', 'map[Name:web]'],
    ['{{index . "Label"}}', ''],
  ])('%j prints %j', (template, text) => {
    expect(render(template, row)).toBe(text);
  });

  it.each(['{{.Label}}', '{{.Label 1}}', '{{.Label "a" "b"}}', '{{"a" | .Label "b"}}'])('%j is refused', (template) => {
    expect(refusal(template, row)).toMatch(/Label takes one string/);
  });
});
