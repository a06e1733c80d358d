import { describe, expect, it } from 'vitest';
import { logicalLines } from '../../../../ts/oci/instructions/lines.ts';

describe('logicalLines', () => {
  it.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['one line', 'USER me', ['USER me']],
    ['several lines', 'USER me\nCMD ls', ['USER me', 'CMD ls']],
    ['line ends of Windows', 'USER me\r\nCMD ls\r\n', ['USER me', 'CMD ls']],
    ['a byte order mark', '\ufeffUSER me', ['USER me']],
    ['empty lines', '\n\n  \nUSER me\n\t\n', ['USER me']],
    ['comments', '# first\n  # indented\nUSER me\n#last', ['USER me']],
    ['a hash inside a line', 'LABEL a=# b', ['LABEL a=# b']],
    ['a continued line', 'ENV a=1 \\\n  b=2', ['ENV a=1   b=2']],
    ['a word that goes on', 'USER m\\\ne', ['USER me']],
    ['blanks behind the backslash', 'USER m\\ \t\ne', ['USER me']],
    ['comments and empty lines between the parts', 'ENV a=1 \\\n# why\n\n b=2', ['ENV a=1  b=2']],
    ['a backslash that is escaped', 'ENV a=1\\\\\nUSER me', ['ENV a=1\\\\', 'USER me']],
    ['a backslash inside a line', 'ENV a=\\ b', ['ENV a=\\ b']],
    ['a backslash alone on its line', '\\\nUSER me', ['USER me']],
    ['a backslash at the very end', 'USER me\\', ['USER me']],
    ['nothing but a backslash', '\\', []],
  ])('%s', (_, text, lines) => expect(logicalLines(text)).toEqual(lines));

  // A pattern that backtracks would not end before this test's time limit.
  it('does not take long over many backslashes and blanks', () => {
    const bait = `${'\\ '.repeat(50_000)}${'\\'.repeat(100_000)}${' '.repeat(100_000)}x`;
    expect(logicalLines(bait)).toEqual([bait]);
  });
});
