import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../../ts/oci/instructions/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['1ns', 1n],
    ['2us', 2_000n],
    ['2\u00b5s', 2_000n],
    ['2\u03bcs', 2_000n],
    ['3ms', 3_000_000n],
    ['30s', 30_000_000_000n],
    ['+30s', 30_000_000_000n],
    ['-30s', -30_000_000_000n],
    ['2m', 120_000_000_000n],
    ['1h', 3_600_000_000_000n],
    ['1h2m3.5s', 3_723_500_000_000n],
    ['1m1m', 120_000_000_000n],
    ['.5s', 500_000_000n],
    ['1.s', 1_000_000_000n],
    ['0.3s', 300_000_000n],
    ['1.9ns', 1n],
    ['0.000000000001h', 3n],
    ['0s', 0n],
  ])('%s', (text, nanoseconds) => expect(parseDuration(text)).toBe(nanoseconds));

  it.each([
    '',
    '+',
    '.',
    's',
    '.s',
    '30',
    '00',
    '30 s',
    '30S',
    '3d',
    '1h30',
    '1e3s',
    '--1s',
    ' 1s',
    '1s ',
    '1..5s',
    '٣s',
  ])('refuses %j', (text) => expect(parseDuration(text)).toBeUndefined());

  it('refuses digits without end', () => expect(parseDuration(`${'9'.repeat(1_000_000)}s`)).toBeUndefined());

  it('adds up whatever parts there are', () => {
    const unit = fc.constantFrom(['ns', 1n] as const, ['ms', 1_000_000n] as const, ['s', 1_000_000_000n] as const);
    const part = fc.tuple(fc.nat(100_000), unit);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const text = parts.map(([count, [name]]) => `${count}${name}`).join('');
        const sum = parts.reduce((all, [count, [, scale]]) => all + BigInt(count) * scale, 0n);
        expect(parseDuration(text)).toBe(sum);
      }),
    );
  });
});
