import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPax, readPaxInteger, readPaxTime } from '../../../../ts/layer/tar/pax.ts';
import { paxRecord } from '../../../support/tarBuilder.ts';

describe('records', () => {
  test('come in order, duplicates included', () => {
    const body = Buffer.concat([paxRecord('path', 'a'), paxRecord('size', '1'), paxRecord('path', 'b')]);
    expect(readPax(body)).toEqual([
      ['path', 'a'],
      ['size', '1'],
      ['path', 'b'],
    ]);
  });

  test('any bytes come through, as the length says', () => {
    const key = fc.stringMatching(/^[a-zA-Z.]{1,20}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 200 }))), (pairs) => {
        const values = pairs.map(([name, value]) => [`SCHILY.xattr.${name}`, Buffer.from(value)] as const);
        const body = Buffer.concat(values.map(([name, value]) => paxRecord(name, value)));
        expect(readPax(body)).toEqual(values.map(([name, value]) => [name, value.toString('latin1')]));
      }),
    );
  });

  test('the length counts its own digits where they change its size', () => {
    for (const length of [1, 2, 3, 90, 91, 92, 93, 988, 989, 990]) {
      expect(readPax(paxRecord('k', 'v'.repeat(length)))).toEqual([['k', 'v'.repeat(length)]]);
    }
  });

  test.each([
    'path=a\n',
    '5 a=b\nrest',
    '6 a=b\n ',
    '-6 a=b\n',
    '6 =ab\n',
    '6 abc\n',
    '06',
    '99999999999 a=b\n',
    '6 a=bc',
    '4 =\n',
  ])('%j is malformed', (text) => {
    expect(() => readPax(Buffer.from(text))).toThrow(/PAX extended header is malformed/);
  });
});

describe('times', () => {
  test.each([
    ['0', 0, 0],
    ['1700000000.5', 1_700_000_000, 500_000_000],
    ['1.000000001', 1, 1],
    ['1.0000000019', 1, 1],
    ['-1', -1, 0],
    ['-1.25', -2, 750_000_000],
    ['-0.5', -1, 500_000_000],
    ['12.', 12, 0],
  ])('%s', (text, seconds, nanoseconds) => {
    expect(readPaxTime(text, 'entry')).toEqual({ seconds, nanoseconds });
  });

  test.each(['', '.5', '1e9', '+1', '1.2.3', '0x10', '1'.repeat(16)])('%j is none', (text) => {
    expect(() => readPaxTime(text, 'entry')).toThrow(/entry: a PAX time is not a number/);
  });
});

test.each(['', '1.5', '0x1', '9007199254740993', ' 1', '--1'])('%j is no integer', (text) => {
  expect(() => readPaxInteger(text, 'entry')).toThrow(/entry: a PAX number is not one/);
});
