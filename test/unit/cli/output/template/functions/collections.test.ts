import { describe, expect, it } from 'vitest';
import { refusal, render } from '../support.ts';

describe('len', () => {
  it.each([
    ['{{len .Name}} {{len .Word}} {{len ""}} {{len .Control}}', '4 18 0 9'],
    ['{{len .Numbers}} {{len .Config.None}} {{len .Config.Labels}} {{len .Config.Empty}}', '3 0 4 0'],
    ['{{if gt (len .Mounts) 1}}many{{end}}', 'many'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('index', () => {
  it.each([
    ['{{index .Config.Labels "a.b"}}', 'c'],
    ['{{index .Config.Labels "nope"}}|', '|'],
    ['{{index .Counts "nope"}}', '0'],
    ['{{index .NetworkSettings.Ports "nope"}}', '[]'],
    ['{{index .Config.Empty "x"}}|', '|'],
    ['{{index .Config.Labels "__proto__"}}|', '|'],
    ['{{index .Config.Labels "constructor"}}|', '|'],
    ['{{index .Numbers 2}}', '0'],
    ['{{index .Name 1}}', '119'],
    ['{{index .Config.Labels "a.b" 0}}', '99'],
    ['{{index .Numbers}}', '[3 -1 0]'],
    ['{{(index .NetworkSettings.Ports "80/tcp" 1).HostIp}}', '::'],
    ['{{index .Config.Cmd 2}}', 'echo "hi"'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('slice', () => {
  it.each([
    ['{{slice .Name}}', '/web'],
    ['{{slice .Name 1}}', 'web'],
    ['{{slice .Name 1 2}}', 'w'],
    ['{{slice .Name 4}}|', '|'],
    ['{{slice .Word 5}}', '�e 🐧 an ß'],
    ['{{slice .Numbers 1}}', '[-1 0]'],
    ['{{slice .Numbers 1 2}}', '[-1]'],
    ['{{slice .Numbers 0 1 2}}', '[3]'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('what has no such element', () => {
  it.each([
    ['{{len 1}}', /a value of type int has no length/],
    ['{{len nil}}', /type nil has no length/],
    ['{{index .Numbers 3}}', /index out of range: 3/],
    ['{{index .Numbers -1}}', /out of range: -1/],
    ['{{index .Numbers "a"}}', /the index of a list must be of type int, not string/],
    ['{{index .Numbers 1.0}}', /must be of type int, not float64/],
    ['{{index .Name 4}}', /out of range/],
    ['{{index .Config.Labels 1}}', /the index of a map must be of type string, not int/],
    ['{{index 1 2}}', /type int has no elements/],
    ['{{index nil 1}}', /index of nil/],
    ['{{index nil}}', /index of nil/],
    ['{{index .Config.Labels.nope "x"}}', /index of nil/],
    ['{{slice .Name 9}}', /out of range: 9/],
    ['{{slice .Name -1}}', /out of range/],
    ['{{slice .Name 3 2}}', /slice goes from 3 to 2/],
    ['{{slice .Numbers 0 2 1}}', /slice goes from/],
    ['{{slice .Name 1 2 3}}', /too many indexes/],
    ['{{slice .Numbers 1 2 3 4}}', /too many indexes/],
    ['{{slice .Name "a"}}', /must be of type int, not string/],
    ['{{slice .Config.Labels}}', /cannot be sliced/],
    ['{{slice nil}}', /type nil cannot be sliced/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});

it('takes the elements that null does not have for those of an empty list', () => {
  expect(render('{{len .Nothing}} {{join .Nothing ","}}|')).toBe('0 |');
});

it('finds what a map has whose keys are named like fields', () => {
  expect(render('{{index .State "Pid"}}{{index .State "Nope"}}')).toBe('4242');
});
