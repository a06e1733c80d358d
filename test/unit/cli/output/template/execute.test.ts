import { describe, expect, it } from 'vitest';
import { refusal, render } from './support.ts';

describe('if and with', () => {
  it.each([
    ['{{if .Name}}T{{else}}F{{end}}', 'T'],
    ['{{if ""}}T{{else}}F{{end}}', 'F'],
    ['{{if 0}}T{{else}}F{{end}}', 'F'],
    ['{{if 1}}T{{else}}F{{end}}', 'T'],
    ['{{if 0.0}}T{{else}}F{{end}}', 'F'],
    ['{{if .Mounts}}T{{else}}F{{end}}', 'T'],
    ['{{if .Config.None}}T{{else}}F{{end}}', 'F'],
    ['{{if .Config.Empty}}T{{else}}F{{end}}', 'F'],
    ['{{if .Config.Labels}}T{{else}}F{{end}}', 'T'],
    ['{{if .State}}T{{else}}F{{end}}', 'T'],
    ['{{if .Nothing}}T{{else}}F{{end}}', 'F'],
    ['{{if .State.Running}}T{{else}}F{{end}}', 'T'],
    ['{{if .Config.Labels.nope}}T{{else}}F{{end}}', 'F'],
    ['{{with .State}}{{.Status}}{{else}}no{{end}}', 'running'],
    ['{{with .Nothing}}a{{else with .State}}b{{.Pid}}{{else}}c{{end}}', 'b4242'],
    ['{{with ""}}a{{else}}{{.Name}}{{end}}', '/web'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('range', () => {
  it.each([
    ['{{range .Mounts}}{{.Source}};{{end}}', '/a;;'],
    ['{{range $m := .Mounts}}{{$m.Source}};{{end}}', '/a;;'],
    ['{{range $i, $m := .Mounts}}{{$i}}{{$m.Source}};{{end}}', '0/a;1;'],
    ['{{range .Config.None}}x{{else}}{{.Name}}{{end}}', '/web'],
    ['{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}', 'a.b=c;com.example.b=two;plain=word;zero=;'],
    ['{{range .Config.Labels}}{{.}};{{end}}', 'c;two;word;;'],
    ['{{range $v := .Counts}}{{$v}};{{end}}', '1;2;'],
    ['{{range .Config.Empty}}x{{else}}empty{{end}}', 'empty'],
    [
      '{{range $p, $conf := .NetworkSettings.Ports}} {{$p}} ->{{range $conf}} {{.HostPort}}{{end}}{{end}}',
      ' 53/udp -> 80/tcp -> 8080 8081',
    ],
    ['{{range 3}}{{.}}{{end}}', '012'],
    ['{{range $i := 3}}{{$i}}{{end}}', '012'],
    ['{{range 0}}x{{else}}none{{end}}', 'none'],
    ['{{range -1}}x{{else}}none{{end}}', 'none'],
    ['{{range .Config.Labels.nope}}x{{else}}none{{end}}', 'none'],
    ['{{$i := 0}}{{range $i = .Numbers}}{{end}}{{$i}}', '0'],
    ['{{$i := 0}}{{$e := 0}}{{range $i, $e = .Numbers}}{{end}}{{$i}} {{$e}}', '2 0'],
    ['{{range .Numbers}}{{$x := .}}{{$x}}{{end}}', '3-10'],
    ['{{range $i, $e := .Numbers}}{{$e = 7}}{{$e}}{{end}}', '777'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('break and continue', () => {
  it.each([
    ['{{range .Numbers}}{{if eq . -1}}{{continue}}{{end}}{{.}},{{end}}', '3,0,'],
    ['{{range .Numbers}}{{if eq . -1}}{{break}}{{end}}{{.}},{{end}}', '3,'],
    ['{{range .Numbers}}{{range $.Config.Env}}{{break}}{{end}}{{.}}{{end}}', '3-10'],
    ['{{range .Numbers}}{{with .}}{{continue}}{{end}}{{.}}{{end}}', '0'],
    ['{{range 3}}{{break}}{{else}}x{{end}}y', 'y'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('what cannot be gone through', () => {
  it.each([
    ['{{range "abc"}}x{{end}}', /range cannot go through a value of type string/],
    ['{{range 1.5}}x{{end}}', /type float64/],
    ['{{range true}}x{{end}}', /type bool/],
    ['{{range $i, $j := 3}}{{$i}}{{end}}', /one variable/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});

it('goes through null as through an empty list, which it is in what Docker keeps lists and maps in', () => {
  expect(render('{{range .Nothing}}x{{else}}none{{end}}')).toBe('none');
});

it('does not count for ever', () => {
  expect(refusal('{{range 1000001}}{{end}}')).toMatch(/a range goes up to 1000000/);
});
