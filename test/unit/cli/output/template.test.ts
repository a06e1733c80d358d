import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../../../cli/output/template.ts';

const VALUE = {
  Name: '/web',
  State: { Pid: 42, Running: true },
  Mounts: [{ Source: '/a' }],
  Labels: { 'a.b': 'c', evil: '\u001b[2J\u009b' },
};

describe('parseTemplate', () => {
  it.each([
    ['{{.Name}}', '/web'],
    ['{{ .State.Pid }}', '42'],
    ['{{.State.Running}}', 'true'],
    ['{{json .Name}}', '"/web"'],
    ['{{.Mounts}}', '[{"Source":"/a"}]'],
    ['{{json .State}}', '{"Pid":42,"Running":true}'],
    ['{{index .Labels "a.b"}}', 'c'],
    ['{{json (index .Labels "a.b")}}', '"c"'],
    ['{{json .Labels}}', '{"a.b":"c","evil":"\\u001b[2J\\u009b"}'],
    ['pid={{.State.Pid}}\n{{.Name}}!', 'pid=42\n/web!'],
    ['nothing', 'nothing'],
    ['', ''],
    ['json', JSON.stringify(VALUE).replace('\u009b', '\\u009b')],
    ['{{json .}}', JSON.stringify(VALUE).replace('\u009b', '\\u009b')],
    ['{{index .Labels "evil"}}', '\\x1b[2J\\x9b'],
  ])('%j', (template, text) => {
    expect(parseTemplate(template)(VALUE)).toBe(text);
  });

  it.each(['{{Name}}', '{{range .Mounts}}x{{end}}', '{{.Name', '.Name}}', '{{}}', '{{index .Labels}}', '{{.A-B}}'])(
    'refuses %s',
    (template) => {
      expect(() => parseTemplate(template)).toThrow(expect.objectContaining({ code: 'ERR_RCX_TEMPLATE' }));
    },
  );

  it.each(['{{.Nope}}', '{{.Name.Nope}}', '{{.constructor}}', '{{.Name.length}}', '{{index .Labels "no"}}'])(
    'finds nothing for %s',
    (template) => {
      const format = parseTemplate(template);
      expect(() => format(VALUE)).toThrow(expect.objectContaining({ code: 'ERR_RCX_TEMPLATE' }));
    },
  );
});
