import { describe, expect, it } from 'vitest';
import { refusal, render } from './support.ts';

describe('pipelines', () => {
  it.each([
    ['{{.Name|upper}}', '/WEB'],
    ['{{.Name |upper}}', '/WEB'],
    ['{{.Name| upper}}', '/WEB'],
    ['{{.Name|}}', '/web'],
    ['{{(.Name)}}', '/web'],
    ['{{((.Name))}}', '/web'],
    ['{{(.State).Pid}}', '4242'],
    ['{{(index .Mounts 0).Source}}', '/a'],
    ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
    ['{{$.Name}}', '/web'],
    ['{{print $.Name $.State.Pid}}', '/web4242'],
    ['{{(len .Name)|print}}', '4'],
    ['{{print (1) (2)}}', '1 2'],
    ['{{$x := .State}}{{$x.Pid}}', '4242'],
    ['{{.Name | upper | printf "%q"}}', '"/WEB"'],
    ['{{"a.b" | index .Config.Labels}}', 'c'],
    ['{{if eq .Name "/web" | not}}a{{else}}b{{end}}', 'b'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['{{}}', /1:3: a value is missing in command/],
    ['{{ }}', /a value is missing/],
    ['{{if}}{{end}}', /a value is missing in if/],
    ['{{range}}{{end}}', /missing in range/],
    ['{{|}}', /unexpected "\|"/],
    ['{{.Name || upper}}', /unexpected "\|"/],
    ['{{| .Name}}', /unexpected/],
    ['{{()}}', /missing in parentheses/],
    ['{{(.Name}}', /1:4: a \( without/],
    ['{{(}}', /a \( without/],
    ['{{)}}', /unexpected "\)"/],
    ['{{.Name)}}', /unexpected "\)"/],
    ['{{"a""b"}}', /unexpected/],
    ['{{print "a"1}}', /unexpected "1"/],
    ['{{print (1)(2)}}', /unexpected "\("/],
    ['{{upper(.Name)}}', /unexpected "\("/],
    ['{{..Name}}', /a constant has no fields/],
    ['{{true.x}}', /a constant has no fields/],
    ['{{"a".x}}', /a constant has no fields/],
    ['{{nil.x}}', /a constant has no fields/],
    ['{{.Name.}}', /unexpected "\."/],
    ['{{"a" | "b"}}', /1:9: only a function or a method/],
    ['{{"a" | 1}}', /only a function/],
    ['{{1 | .}}', /only a function/],
    ['{{. | nil}}', /only a function/],
    ['{{Name}}', /1:3: there is no function "Name"; a field is written with a dot: .Name/],
    ['{{.Name | nosuch}}', /1:11: there is no function "nosuch"/],
    ['{{$x}}', /there is no variable "\$x"/],
    ['{{if $x := .Name}}{{end}}{{$x}}', /there is no variable/],
    ['{{$i, $j := .Numbers}}', /too many variables in command/],
    ['{{range $i, $j, $k := .Numbers}}{{end}}', /too many variables in range/],
    ['{{range $i, .Numbers}}{{end}}', /unexpected ".Numbers" in the variables/],
    ['{{range $i, $e}}{{end}}', /unexpected/],
    ['{{ifx}}', /no function "ifx"/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});
