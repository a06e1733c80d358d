import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRowTemplate, parseTemplate } from '../../../../../cli/output/template/index.ts';
import { RcxError } from '../../../../../ts/errors.ts';
import { DATA, refusal, render } from './support.ts';

describe('parseTemplate', () => {
  it('takes json alone for the whole value', () => {
    expect(render('json', { b: 'x', a: ['\u009b'] })).toBe('{"b":"x","a":["\\u009b"]}');
  });

  it('prints objects as Go prints maps', () => {
    expect(render('{{.State}}')).toBe('map[ExitCode:0 Health:<nil> Pid:4242 Running:true Status:running]');
    expect(render('{{index .Mounts 1}}')).toBe('map[Destination:/tmp RW:false Source: Type:tmpfs]');
  });

  it('says all that an error of rcx says', () => {
    expect(() => parseTemplate('a\n{{.Name')).toThrow(
      expect.objectContaining({
        name: 'RcxError',
        code: 'ERR_RCX_TEMPLATE',
        step: 'read --format',
        message: 'read --format: 2:1: a {{ without its }}',
      }),
    );
  });

  it.each(['define', 'template', 'block'])('refuses {{%s}}', (word) => {
    expect(refusal(`{{${word} "x"}}{{end}}`)).toMatch(`1:3: {{${word}}} is not supported`);
  });

  it.each(['html', 'js', 'urlquery', 'call'])('has no function %s', (name) => {
    expect(refusal(`{{${name} .Name}}`)).toMatch(`1:3: there is no function "${name}"`);
  });

  it('is used again and again', () => {
    const template = parseTemplate('{{$x := 0}}{{range .}}{{$x = .}}{{end}}{{$x}}');
    expect([template([1, 2]), template([]), template([3])]).toEqual(['2', '0', '3']);
  });
});

describe('control characters', () => {
  const EVIL = { Name: '\u001b[2J\u009b\n', List: ['\u0007', 'b'], Map: { '\u001b': '\u007f' } };

  it.each([
    ['{{.Name}}', '\\x1b[2J\\x9b\\x0a'],
    ['{{.List}} {{.Map}}', '[\\x07 b] map[\\x1b:\\x7f]'],
    ['{{json .Map}}', '{"\\u001b":"\\u007f"}'],
    ['{{printf "%s|%v|%q" .Name .List .Name}}', '\\x1b[2J\\x9b\\x0a|[\\x07 b]|"\\x1b[2J\\u009b\\n"'],
    ['{{printf "%c%c" 27 155}}', '\\x1b\\x9b'],
    ['{{printf .Name}}', '\\x1b[2J\\x9b\\x0a'],
    ['{{upper .Name}}', '\\x1b[2J\\x9b\\x0a'],
    ['{{join .List "\\n"}}', '\\x07\nb'],
    ['{{join .List .Name}}', '\\x07\\x1b[2J\\x9b\\x0ab'],
    ['{{print .Name | upper | printf "%s"}}', '\\X1B[2J\\X9B\\X0A'],
    ['{{range $k, $v := .Map}}{{$k}}{{$v}}{{end}}', '\\x1b\\x7f'],
    ['{{index (split .Name "[") 0}}', '\\x1b'],
    ['{{truncate .Name 1}}{{slice .Name 0 1}}{{pad .Name 1 1}}', '\\x1b\\x1b \\x1b[2J\\x9b\\x0a '],
  ])('of the value are escaped: %j prints %j', (template, text) => {
    expect(render(template, EVIL)).toBe(text);
  });

  it.each([
    ['a\tb\n\u001b[1m{{.Name}}', 'a\tb\n\u001b[1m/web'],
    ['{{"\\t"}}{{"\\x1b[1m"}}{{.Name}}', '\t\u001b[1m/web'],
    ['{{println .Name}}{{printf "%s\\n" .Name}}', '/web\n/web\n'],
    ['{{$tab := "\\t"}}{{$tab}}{{.Name}}{{print $tab $tab}}', '\t/web\t\t'],
    ['{{range split (printf "%s\\t;%s" .Name .Id) ";"}}<{{.}}>{{end}}', '</web\t><0123456789abcdef>'],
    ['{{.Name}}\\t\\n', '/web\\t\\n'],
  ])('of the template are printed: %j prints %j', (template, text) => {
    expect(render(template)).toBe(text);
  });

  it('are worked on as they are, and escaped when they are printed', () => {
    const template =
      '{{len .Name}} {{eq .Name "\\x1b[2J\\u009b\\n"}} {{eq (print .Name) .Name}} {{json (print .Name)}}';
    expect(render(template, EVIL)).toBe('7 true true "\\u001b[2J\\u009b\\n"');
  });

  it('never reach the terminal out of a value', () => {
    const call = fc.constantFrom(
      'print .S',
      'printf "%s %v %q %x" .S .L .S .S',
      'upper .S',
      'title .S',
      'json .',
      'join .L .S',
    );
    const more = fc.constantFrom('', ' | upper', ' | printf "%5s"', ' | print "x"', ' | json', ' | len');
    const template = fc.tuple(call, more).map(([first, then]) => `{{${first}${then}}}`);
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(template, text, fc.array(text), (source, S, L) => {
        expect(render(source, { S, L })).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('any text', () => {
  it('without braces is printed as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('{') && text !== 'json');
        expect(render(text)).toBe(text);
      }),
    );
  });

  const TOKENS = [
    ...[
      '{{',
      '}}',
      '{{-',
      ' -}}',
      ' ',
      '\n',
      '.',
      '.Name',
      '.State',
      '.Config.Labels',
      '.Numbers',
      '$',
      '$x',
      ':=',
      '=',
    ],
    ...[
      ',',
      '|',
      '(',
      ')',
      '"a"',
      '`b`',
      '"',
      '`',
      '1',
      '-1',
      '1.5',
      '0x',
      'if',
      'else',
      'end',
      'range',
      'with',
      'break',
    ],
    ...[
      'continue',
      'nil',
      'true',
      'len',
      'printf',
      '%d',
      'index',
      'eq',
      'and',
      'json',
      'join',
      'pad',
      '/*',
      '*/',
      '\\',
      '{',
    ],
  ];

  it.each([
    ['characters', fc.string({ unit: 'binary' })],
    ['words of templates', fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }).map((words) => words.join(''))],
    ['an action', fc.array(fc.constantFrom(...TOKENS), { maxLength: 12 }).map((words) => `{{${words.join(' ')}}}`)],
  ])('made of %s is a template or an error of rcx', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (text) => {
        try {
          render(text);
        } catch (error) {
          if (!(error instanceof RcxError)) throw error;
          expect(error.code).toBe('ERR_RCX_TEMPLATE');
          expect(error.message).toMatch(/^read --format: \d+:\d+: ./);
          expect(error.message).not.toMatch(/\p{Cc}/u);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([`{{${'('.repeat(100_000)}}}`, '{{if 1}}'.repeat(100_000), `{{if 0}}${'{{else if 0}}'.repeat(100_000)}`])(
    'that is nested without an end does not fill the stack: %.16s…',
    (text) => {
      expect(refusal(text)).toMatch(/nested more than 200 deep/);
    },
  );
});

describe('parseRowTemplate', () => {
  it('takes \\t and \\n outside of actions for a tab and a line break', () => {
    expect(parseRowTemplate('{{.Name}}\\t\\n{{"\\t"}}{{`\\t`}}').row(DATA)).toBe('/web\t\n\t\\t');
    expect(parseRowTemplate('a\\n {{- .Name -}} \\t b').row(DATA)).toBe('a/webb');
  });

  it('leaves the names of columns as they are', () => {
    const template =
      '{{upper .Name}} {{join (split .Name "m") "-"}} {{json .Id}} {{truncate .Id 1}} {{title .Id}}|{{pad .Id 1 0}}';
    const { header } = parseRowTemplate(`${template} {{index (split .Name "m") 5}} {{slice .Id 9}}`);
    expect(header({ Name: 'Name', Id: 'id' })).toBe('Name Name id id id| id Name id');
  });

  it('ends a header where names of columns are not what a row has', () => {
    const { row, header } = parseRowTemplate('{{.Name}} {{range split .Name "e"}}[{{.}}]{{end}} {{.Id}}');
    expect(header({ Name: 'NAME', Id: 'ID' })).toBe('NAME ');
    expect(row({ Name: 'web', Id: 'x' })).toBe('web [w][b] x');
  });
});
