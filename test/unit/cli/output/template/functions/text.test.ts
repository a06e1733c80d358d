import { describe, expect, it } from 'vitest';
import { refusal, render } from '../support.ts';

describe('json', () => {
  it.each([
    ['{{json .Name}}', '"/web"'],
    ['{{.Name | json}}', '"/web"'],
    ['{{json .State}}', '{"Status":"running","Running":true,"Pid":4242,"ExitCode":0,"Health":null}'],
    ['{{json .Config.Labels}}', '{"a.b":"c","com.example.b":"two","plain":"word","zero":""}'],
    [
      '{{json .Config}}',
      '{"Labels":{"a.b":"c","com.example.b":"two","plain":"word","zero":""},"Env":["PATH=/bin:/usr/bin","HOME=/root","EMPTY="],"Cmd":["sh","-c","echo \\"hi\\""],"Empty":{},"None":[]}',
    ],
    [
      '{{json .Mounts}}',
      '[{"Type":"bind","Source":"/a","Destination":"/b","RW":true},{"Type":"tmpfs","Source":"","Destination":"/tmp","RW":false}]',
    ],
    [
      '{{json .NetworkSettings}}',
      '{"Ports":{"53/udp":[],"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8081"}]}}',
    ],
    ['{{json "<a&b>"}}', '"<a&b>"'],
    ['{{json 1.0}} {{json 1.5}} {{json 1}}', '1 1.5 1'],
    ['{{json nil}}', 'null'],
    ['{{json .Config.Labels.nope}}', 'null'],
    ['{{json .State.Health}}', 'null'],
    ['{{json (split "a,b" ",")}}', '["a","b"]'],
    ['{{json (printf "%s\\n" .Name)}}', '"/web\\n"'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('letters', () => {
  it.each([
    ['{{upper .Word}}', 'GRÜßE 🐧 AN ß'],
    ['{{lower .Word}}', 'grüße 🐧 an ß'],
    ['{{title .Word}}', 'Grüße 🐧 An ß'],
    ['{{title "hello wörld foo-bar foo_bar o\'neil 3rd éa äb"}}', "Hello Wörld Foo-Bar Foo_bar O'Neil 3rd Éa Äb"],
    ['{{upper "ŉ ß ﬁ"}}', 'ŉ ß ﬁ'],
    ['{{lower "Σ ΑΣ"}}', 'σ ασ'],
    ['{{title "ß"}}', 'ß'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('split and join', () => {
  it.each([
    ['{{split "a,b,c" ","}}', '[a b c]'],
    ['{{split "aü🐧" ""}}', '[a ü 🐧]'],
    ['{{split "" ","}}', '[]'],
    ['{{len (split "" ",")}}', '1'],
    ['{{range split .Name "e"}}[{{.}}]{{end}}', '[/w][b]'],
    ['{{join (split "a,b" ",") "-"}}', 'a-b'],
    ['{{join .Config.Env " "}}', 'PATH=/bin:/usr/bin HOME=/root EMPTY='],
    ['{{join .Config.None ","}}|', '|'],
    ['{{join .Config.Env "\\n"}}', 'PATH=/bin:/usr/bin\nHOME=/root\nEMPTY='],
    ['{{index (split .Name "/") 1}}', 'web'],
    ['{{range split "a\\nb,c" ","}}<{{.}}>{{end}}', '<a\nb><c>'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('pad and truncate', () => {
  it.each([
    ['{{pad .Name 1 2}}|', ' /web  |'],
    ['{{pad "" 1 2}}|', '|'],
    ['{{truncate .Id 12}}', '0123456789ab'],
    ['{{truncate .Id 100}}', '0123456789abcdef'],
    ['{{truncate .Id 0}}|', '|'],
    ['{{truncate .Word 5}}', 'Grü�'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('print and println', () => {
  it.each([
    ['{{print}}|', '|'],
    ['{{println}}', '\n'],
    ['{{print "a" "b" 1 2 "c" 3}}', 'ab1 2c3'],
    ['{{print 1 2}}', '1 2'],
    ['{{print 1 .Name 2}}', '1/web2'],
    ['{{print .Numbers .Numbers}}', '[3 -1 0] [3 -1 0]'],
    ['{{println "a" 1}}', 'a 1\n'],
    ['{{println .Name .Numbers nil}}', '/web [3 -1 0] <nil>\n'],
    ['{{print .Config.Labels}}', 'map[a.b:c com.example.b:two plain:word zero:]'],
  ])('%j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe('wrong arguments', () => {
  it.each([
    ['{{split .Name}}', /split takes 2 arguments, not 1/],
    ['{{split 1 "a"}}', /argument 1 of split must be of type string, not int/],
    ['{{join .Config.Env}}', /join takes 2/],
    ['{{join .Name ","}}', /argument 1 of join must be of type \[\]string, not string/],
    ['{{join .Numbers ","}}', /not \[\]int/],
    ['{{join .Config.Env 1}}', /argument 2 of join/],
    ['{{pad .Name "a" 1}}', /argument 2 of pad must be of type int/],
    ['{{pad .Name 1}}', /pad takes 3/],
    ['{{pad .Name 0 -1}}', /pad takes 0 to 1000000 spaces/],
    ['{{truncate .Id -1}}', /truncate to -1/],
    ['{{truncate .Id "1"}}', /must be of type int, not string/],
    ['{{.Id | truncate 12}}', /argument 1 of truncate/],
    ['{{upper .Name .Name}}', /upper takes 1 argument, not 2/],
    ['{{upper .Config.Labels.nope}}', /not nil/],
    ['{{printf 1}}', /argument 1 of printf/],
    ['{{printf}}', /printf takes at least 1/],
  ])('%j is refused', (template, why) => {
    expect(refusal(template)).toMatch(why);
  });
});
