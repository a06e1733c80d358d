import { afterEach, describe, expect, it, vi } from 'vitest';
import { printable, report } from '../../../../cli/output/errors.ts';
import { RcxError } from '../../../../ts/errors.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What report() wrote to stderr, and the exit code it gives. */
function reported(error: unknown, debug = false): { text: string; code: number } {
  let text = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const code = report(error, debug);
  return { text, code };
}

describe('report', () => {
  it('says what, where and what to do in one line', () => {
    const error = new RcxError('pull it: there: no', { code: 'ERR_RCX_X', hint: 'do this' });
    expect(reported(error)).toEqual({ text: 'rcx: pull it: there: no; do this\n', code: 125 });
  });

  it.each([
    ['ERR_RCX_EXEC_NOT_FOUND', 127],
    ['ERR_RCX_EXEC_NOT_EXECUTABLE', 126],
    ['ERR_RCX_PULL', 125],
  ])('has Docker’s exit code for %s', (code, exitCode) => {
    expect(reported(new RcxError('no', { code })).code).toBe(exitCode);
  });

  it('says each error of several', () => {
    const error = new AggregateError([new Error('one'), new Error('two')]);
    expect(reported(error).text).toBe('rcx: one\nrcx: two\n');
  });

  it('shows no stack trace but for debugging', () => {
    expect(reported(new Error('no')).text).not.toMatch(/\n\s+at /);
    expect(reported(new Error('no'), true).text).toMatch(/\n\s+at /);
  });

  it('stays one line whatever a registry says', () => {
    const error = new RcxError('pull: said "a\nb\u001b[2J"', { code: 'ERR_RCX_X' });
    expect(reported(error).text).toBe('rcx: pull: said "a\\x0ab\\x1b[2J"\n');
  });
});

describe('printable', () => {
  it.each([
    ['plain ünicode 🐧', 'plain ünicode 🐧'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['\u009b31m', '\\x9b31m'],
    ['a\tb\r\n', 'a\\x09b\\x0d\\x0a'],
  ])('%j is %s', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});
