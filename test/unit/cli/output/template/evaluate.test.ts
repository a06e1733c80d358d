import { describe, expect, it } from 'vitest';
import { refusal, render } from './support.ts';

describe('variables', () => {
  it.each([
    ['{{$x := .Name}}{{$x}}', '/web'],
    ['{{$x := 1}}{{$x = 2}}{{$x}}', '2'],
    ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
    ['{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}', '1'],
    ['{{with $x := .State}}{{$x.Pid}} {{.Pid}} {{$.Name}}{{end}}', '4242 4242 /web'],
    ['{{$x := print nil}}{{$x}}', '<nil>'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('functions that look at no more than they need', () => {
  it.each([
    ['{{and false .Nope}}', 'false'],
    ['{{or true .Nope}}', 'true'],
    ['{{and 1 0 2}}', '0'],
    ['{{or 0 "" 3}}', '3'],
    ['{{and 1 2 3}}', '3'],
    ['{{or 0 ""}}', ''],
    ['{{1 | and 2}}', '1'],
    ['{{0 | or 0}}', '0'],
    ['{{"x" | and true false}}', 'false'],
    ['{{and nil 1}}', '<no value>'],
    ['{{not nil}} {{not 0}} {{not .Mounts}} {{not .Config.Empty}}', 'true true false true'],
    ['{{if and .State.Running (eq .State.Pid 4242)}}ok{{end}}', 'ok'],
    ['{{if or (eq .Name "x") (not .State.Running)}}a{{else}}b{{end}}', 'b'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('commands', () => {
  it.each([
    ['{{true}} {{false}}', 'true false'],
    ['{{print nil}}', '<nil>'],
    ['{{print nil 1}}', '<nil> 1'],
    ['{{print println}}', '\n'],
    ['{{eq print ""}}', 'true'],
    ['{{print true false}}', 'true false'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('what cannot be done', () => {
  it.each([
    ['{{nil}}', /nil is not a command/],
    ['{{true 1}}', /given to what is no function/],
    ['{{1 2}}', /given to what is no function/],
    ['{{(.Name) 1}}', /no function/],
    ['{{1 | $}}', /no function/],
    ['{{"a" | (upper "b")}}', /no function/],
    ['{{$x = 2}}', /there is no variable "\$x" here/],
    ['{{if false}}{{$y := 1}}{{else}}{{$y}}{{end}}', /1:34: there is no variable "\$y" here/],
    ['{{and true .Nope}}', /1:12: there is no field/],
    ['{{print len}}', /1:9: len takes 1 argument, not 0/],
    ['{{not}}', /not takes 1 argument, not 0/],
    ['{{not 1 2}}', /not takes 1 argument, not 2/],
    ['{{and}}', /and takes at least 1 argument, not 0/],
    ['{{upper 1}}', /argument 1 of upper must be of type string, not int/],
    ['{{upper nil}}', /not nil/],
    ['{{.State.Pid | upper}}', /1:16: argument 1 of upper/],
    ['{{a .b}}', /no function "a"/],
    ['a\n{{if true}}\n  {{upper .State.Pid}}{{end}}', /3:5: argument 1/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});
