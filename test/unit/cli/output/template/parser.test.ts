import { describe, expect, it } from 'vitest';
import { refusal, render } from './support.ts';

describe('blocks', () => {
  it.each([
    ['{{if true}}a{{else}}b{{end}}', 'a'],
    ['{{if false}}a{{else if true}}b{{else}}c{{end}}', 'b'],
    ['{{if false}}a{{else if false}}b{{else if false}}c{{else}}d{{end}}', 'd'],
    ['{{with ""}}a{{else with .Name}}b{{.}}{{else}}c{{end}}', 'b/web'],
    ['{{if true}}{{- else -}} x {{- end}}', ''],
    ['{{if(.Name)}}x{{end}}', 'x'],
    ['{{if.Name}}x{{end}}', 'x'],
    ['{{range.Numbers}}x{{end}}', 'xxx'],
    ['{{if true}}{{end}}', ''],
    ['{{if $x := .Name}}{{$x}}{{end}}', '/web'],
    ['{{if $x := ""}}{{else}}[{{$x}}]{{end}}', '[]'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('blocks that do not end, or end more than once', () => {
  it.each([
    ['{{end}}', /1:3: \{\{end\}\} without/],
    ['{{else}}', /1:3: \{\{else\}\} without/],
    ['{{if true}}', /1:3: \{\{if\}\} without \{\{end\}\}/],
    ['a{{if true}}{{range .Numbers}}{{end}}', /1:4: \{\{if\}\} without/],
    ['{{if true}}a{{else}}b', /\{\{if\}\} with two/],
    ['{{if .Name}}a{{end}}{{end}}', /1:23: \{\{end\}\} without/],
    ['{{if true}}a{{else}}b{{else}}c{{end}}', /two \{\{else\}\}/],
    ['{{end 1}}', /unexpected "1" in end/],
    ['{{if true}}{{else 1}}{{end}}', /in else of if/],
    ['{{if true}}a{{else with .Name}}b{{end}}', /unexpected "with"/],
    ['{{range .Mounts}}a{{else if true}}b{{end}}', /unexpected "if"/],
    ['{{break}}', /\{\{break\}\} outside of/],
    ['{{if true}}{{continue}}{{end}}', /outside of/],
    ['{{range .Numbers}}{{break 1}}{{end}}', /unexpected "1" in break/],
    ['{{range .Numbers}}{{else}}{{break}}{{end}}', /outside of/],
    ['{{else if}}', /without/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});
