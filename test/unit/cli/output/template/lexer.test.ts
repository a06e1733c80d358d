import { describe, expect, it } from 'vitest';
import { refusal, render } from './support.ts';

describe('text and white space', () => {
  it.each([
    ['', ''],
    ['x', 'x'],
    ['a }} b', 'a }} b'],
    ['{ {', '{ {'],
    ['{', '{'],
    ['}', '}'],
    ['a {{- .Name -}} b', 'a/webb'],
    ['a {{- .Name}} b', 'a/web b'],
    ['a {{.Name -}} b', 'a /webb'],
    ['a\n\n {{- 3 -}} \t\r\n b', 'a3b'],
    ['{{-3}}', '-3'],
    ['{{- 3}}', '3'],
    ['{{3 -}} x', '3x'],
    ['{{.Name\n}}', '/web'],
    ['{{\n.Name}}', '/web'],
    ['{{print\n1\n2}}', '1 2'],
    ['{{.Name}}}', '/web}'],
    ['{{"}}"}}', '}}'],
    ['{{`}}`}}', '}}'],
    ['{{"{{"}}', '{{'],
    ['{{ .Name   -}} x', '/webx'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('comments', () => {
  it.each([
    ['a {{/* c */}} b', 'a  b'],
    ['a {{- /* c */ -}} b', 'ab'],
    ['a{{/* c\n d */}}b', 'ab'],
    ['{{/**/}}', ''],
    ['{{- /* a */}}x', 'x'],
    ['{{/* a */ -}} x', 'x'],
    ['a{{/* }} */}}b', 'ab'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('what is no template', () => {
  it.each([
    ['{{', /1:1: a \{\{ without its \}\}/],
    ['{{.Name', /1:1: a \{\{ without/],
    ['a\n b{{.Name', /2:3: a \{\{ without/],
    ['{{"abc}}', /1:3: a quoted string without its end/],
    ['{{`abc}}', /1:3: a quoted string without/],
    ['{{"a\nb"}}', /1:3: a quoted string/],
    ['{{/* a }}', /1:3: a comment is written/],
    ['{{/* a */ }}', /1:3: a comment is/],
    ['{{/* */ */}}', /1:3: a comment is/],
    ['{{ /* a */}}', /1:4: a comment begins directly after/],
    ['{{.Na-me}}', /1:6: unexpected "-"/],
    ['{{.Name@}}', /1:8: unexpected "@"/],
    ['{{#}}', /1:3: unexpected "#"/],
    ['{{.1a}}', /1:3: ".1a" is no number/],
    ['{{{.Name}}}', /1:3: unexpected "\{"/],
    ['{{$}', /1:4: unexpected "\}"/],
    ['{{ - 3}}', /1:4: unexpected "-"/],
    ["{{'ab'}}", /1:3: strings are written in double quotes/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});
