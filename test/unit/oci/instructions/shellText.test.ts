import { describe, expect, it } from 'vitest';
import { RcxError } from '../../../../ts/errors.ts';
import { failure } from '../../../../ts/oci/instructions/instruction.ts';
import { join, split } from '../../../../ts/oci/instructions/pieces.ts';
import { ShellText } from '../../../../ts/oci/instructions/shellText.ts';

const VALUES: Record<string, string> = {
  HOME: '/root',
  EMPTY: '',
  LIST: ' one  two ',
  _u: 'under',
  größe: 'XL',
  QUOTED: `"q" '$HOME' \\`,
  '1': 'first',
};

const pieces = (text: string) =>
  ShellText.read(text, (name) => (Object.hasOwn(VALUES, name) ? VALUES[name] : undefined), failure(text, 'ENV'));

describe('an expanded word', () => {
  it.each([
    // Quotes and backslashes.
    ['', ''],
    ['plain text', 'plain text'],
    [`"a"'b'c`, 'abc'],
    [`"it's"`, "it's"],
    [`'say "x"'`, 'say "x"'],
    [`'a\\'`, 'a\\'],
    ['a\\ b', 'a b'],
    ['\\a\\\\', 'a\\'],
    ['end\\', 'end'],
    ['"a\\b\\"\\\\\\$"', 'a\\b"\\$'],
    ['\\\'\\"', `'"`],
    ['\\😀 größe', '😀 größe'],
    // Variables by name.
    ['$HOME/x', '/root/x'],
    [`\${HOME}x`, '/rootx'],
    ['$HOMEx', ''],
    ['$_u-$größe', 'under-XL'],
    ['"$HOME" \'$HOME\' \\$HOME "\\$HOME"', '/root $HOME $HOME $HOME'],
    ['\\\\$HOME', '\\/root'],
    ['$QUOTED', `"q" '$HOME' \\`],
    [`a$NONE.b\${NONE}c`, 'a.bc'],
    ['$constructor$__proto__', ''],
    // A $ that begins nothing.
    ['$', '$'],
    ['5$ $. $/ $"x"', '5$ $. $/ $x'],
    // Parameters of the shell.
    [`$1x $12 \${1}`, 'firstx  first'],
    ['<$@$*$#$?$-$$$!>', '<>'],
    [`\${@:-none}`, 'none'],
    // Defaults.
    [`\${HOME:-x} \${EMPTY:-x} \${NONE:-x}`, '/root x x'],
    [`\${HOME-x} \${EMPTY-x} \${NONE-x}`, '/root  x'],
    [`\${HOME:+x} \${EMPTY:+x} \${NONE:+x}`, 'x  '],
    [`\${HOME+x} \${EMPTY+x} \${NONE+x}`, 'x x '],
    [`\${HOME:?x} \${HOME?x} <\${EMPTY?x}>`, '/root /root <>'],
    [`\${NONE:-}`, ''],
    [`\${NONE:-\${EMPTY:-\${HOME}}}`, '/root'],
    [`\${NONE:-$HOME:$HOME}`, '/root:/root'],
    [`\${NONE:-"}"'}'\\}}`, '}}}'],
    [`"\${NONE:-'a b'}"`, 'a b'],
    [`\${NONE:-{a}}`, '{a}'],
    [`\${HOME}}`, '/root}'],
  ])('%s', (text, expected) => expect(join(pieces(text))).toBe(expected));
});

describe('expanded words', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' a  b\t', ['a', 'b']],
    ['a\\ b "c d"', ['a b', 'c d']],
    ['x$LIST', ['x', 'one', 'two']],
    [`\${LIST}x`, ['one', 'two', 'x']],
    ['x"$LIST"', ['x one  two ']],
    [`\${NONE:-a b}`, ['a', 'b']],
    ['$EMPTY "" $NONE', []],
  ])('%s', (text, words) => expect(split(pieces(text))).toEqual(words));
});

describe('text that cannot be expanded', () => {
  it.each([
    ["it's", 'a single quote is not closed'],
    ['say "x', 'a double quote is not closed'],
    ['"x\\"', 'a double quote is not closed'],
    ['"x\\', 'a double quote is not closed'],
    ['${HOME', 'a "}" is missing'],
    ['${HOME:', '":" behind ${HOME is not supported'],
    ['${NONE:-a', 'a "}" is missing'],
    [`\${NONE:-\${HOME}`, 'a "}" is missing'],
    [`\${NONE:-'a}`, 'a single quote is not closed'],
    ['${', '"${" is not followed by the name of a variable'],
    [`\${}`, '"${" is not followed by the name of a variable'],
    [`\${:-x}`, '"${" is not followed by the name of a variable'],
    [`\${{HOME}}`, '"${" is not followed by the name of a variable'],
    [`\${HOME:=x}`, '":=" behind ${HOME is not supported'],
    [`\${HOME:x}`, '":x" behind ${HOME is not supported'],
    [`\${HOME=x}`, '"=x" behind ${HOME is not supported'],
    [`\${HOME HOME}`, '" H" behind ${HOME is not supported'],
    [`\${HOME#/}`, '"#/" behind ${HOME is not supported'],
    [`\${HOME%%t}`, '"%%" behind ${HOME is not supported'],
    [`\${HOME/r/b}`, '"/r" behind ${HOME is not supported'],
    [`\${NONE?}`, 'the variable "NONE" is not set'],
    [`\${EMPTY:?}`, 'the variable "EMPTY" is not set'],
    [`\${NONE?say $HOME}`, 'the variable "NONE" is missing: "say /root"'],
  ])('%s', (text, problem) => {
    expect(() => pieces(text)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE', message: expect.stringContaining(problem) }),
    );
  });

  it('is refused before its depth overflows the stack', () => {
    const nested = (depth: number) => `${'${NONE:-'.repeat(depth)}x${'}'.repeat(depth)}`;
    expect(join(pieces(nested(100)))).toBe('x');
    expect(() => pieces(nested(101))).toThrow('more than 100 deep');
    expect(() => pieces(nested(100_000))).toThrow(RcxError);
    // Side by side they are not nested.
    expect(join(pieces(`\${NONE:-x}`.repeat(1000)))).toBe('x'.repeat(1000));
  });
});
