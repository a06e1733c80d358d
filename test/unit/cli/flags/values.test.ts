import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { envFile, hostEnv, sourceDateEpoch } from '../../../../cli/flags/environment.ts';
import { collect, label, size, whole } from '../../../../cli/flags/values.ts';
import { RcxError } from '../../../../ts/errors.ts';

describe('size', () => {
  it.each([
    ['6m', 6 * 2 ** 20],
    ['512m', 512 * 2 ** 20],
    ['512M', 512 * 2 ** 20],
    ['512mb', 512 * 2 ** 20],
    ['512MiB', 512 * 2 ** 20],
    ['1.5g', 1.5 * 2 ** 30],
    ['7000k', 7000 * 2 ** 10],
    ['6291456', 6 * 2 ** 20],
    ['6291456b', 6 * 2 ** 20],
    ['1t', 2 ** 40],
  ])('%s is %d bytes', (text, bytes) => {
    expect(size(text, InvalidArgumentError)).toBe(bytes);
  });

  it.each(['', 'm', '1x', '-1m', '1 2m', '0x10m', 'Infinity', '99999999999999g', '1e9'])('refuses %j', (text) => {
    expect(() => size(text, InvalidArgumentError)).toThrow(/give bytes/);
  });
});

describe('whole', () => {
  it('reads numbers', () => {
    expect(whole('-1', InvalidArgumentError)).toBe(-1);
    expect(whole('100', InvalidArgumentError)).toBe(100);
  });

  it.each(['', ' ', '-2', '1.5', 'many'])('refuses %j', (text) => {
    expect(() => whole(text, InvalidArgumentError)).toThrow(InvalidArgumentError);
  });
});

describe('hostEnv', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('keeps what is given', () => {
    expect(hostEnv('A=b=c')).toBe('A=b=c');
    expect(hostEnv('A=')).toBe('A=');
  });

  it('takes this process’ own value for a name alone, and nothing where it has none', () => {
    vi.stubEnv('RCX_TEST_SET', 'here');
    expect(hostEnv('RCX_TEST_SET')).toBe('RCX_TEST_SET=here');
    expect(hostEnv('RCX_TEST_UNSET')).toBe('');
  });
});

describe('envFile', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rcx-env-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads a pair on each line, without comments and empty lines', () => {
    const path = join(folder, 'env');
    writeFileSync(path, '# comment\n\nA=1\n  B=two words \r\nC="quoted"\n  # another\nD=#1');
    expect(envFile(path)).toEqual(['A=1', 'B=two words ', 'C="quoted"', 'D=#1']);
  });

  it('names a file that cannot be read', () => {
    const path = join(folder, 'missing');
    expect(() => envFile(path)).toThrow(expect.objectContaining({ code: 'ERR_RCX_ENV_FILE', path }));
  });
});

describe('collect', () => {
  it('adds to what was given before', () => {
    const list = collect((text) => text.toUpperCase(), InvalidArgumentError);
    expect(list('b', list('a', undefined))).toEqual(['A', 'B']);
  });

  it('turns the library’s errors into those of a flag, and no others', () => {
    const refuse = (error: Error) =>
      collect(() => {
        throw error;
      }, InvalidArgumentError);
    const ours = new RcxError('no', { code: 'ERR_RCX_X', hint: 'write it so' });
    expect(() => refuse(ours)('a', undefined)).toThrow(new InvalidArgumentError('write it so'));
    expect(() => refuse(new TypeError('bug'))('a', undefined)).toThrow(TypeError);
  });
});

describe('label', () => {
  it.each([
    ['a=b', { a: 'b' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=', { a: '' }],
    ['a', { a: '' }],
  ])('%s', (text, expected) => {
    expect(label(text, {})).toEqual(expected);
  });

  it('keeps the others', () => {
    expect(label('b=2', { a: '1' })).toEqual({ a: '1', b: '2' });
    expect(label('a=2', { a: '1' })).toEqual({ a: '2' });
  });
});

describe('sourceDateEpoch', () => {
  it.each([
    ['0', 0],
    ['1700000000', 1_700_000_000],
    ['007', 7],
    ['253402300799', 253_402_300_799],
  ])('%s is a time', (text, seconds) => {
    expect(sourceDateEpoch({ SOURCE_DATE_EPOCH: text })).toBe(seconds);
  });

  it('is not there where the variable is empty or missing', () => {
    expect(sourceDateEpoch({})).toBeUndefined();
    expect(sourceDateEpoch({ SOURCE_DATE_EPOCH: '' })).toBeUndefined();
  });

  it.each(['-1', '1.5', '1e9', ' 1', '1\n', '0x10', 'now', '253402300800', '999999999999', '1'.repeat(13)])(
    'refuses %j, after which no image could be dated',
    (text) => {
      const told = { code: 'ERR_RCX_INVALID_OPTION', message: expect.stringContaining(JSON.stringify(text)) };
      expect(() => sourceDateEpoch({ SOURCE_DATE_EPOCH: text })).toThrow(expect.objectContaining(told));
    },
  );
});
