import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { realDigits } from '../../../../../../cli/output/template/printf/real.ts';

const positive = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(Math.abs);

describe('realDigits', () => {
  it.each(['g', 'e', 'f'])('%s with as few digits as are needed reads back as the same number', (verb) => {
    fc.assert(
      fc.property(positive, (value) => {
        expect(Number(realDigits(value, verb, undefined))).toBe(value);
      }),
    );
  });

  it('of all digits is the number itself', () => {
    fc.assert(
      fc.property(positive, (value) => {
        expect(Number(realDigits(value, 'f', 1074))).toBe(value);
      }),
    );
  });

  it.each([
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [0.15, 1, '0.1'],
    [9.995, 2, '9.99'],
    [999.9996, 3, '1000.000'],
    [5e-324, 3, '0.000'],
  ])('rounds %d to %d digits: %s', (value, precision, text) => {
    expect(realDigits(value, 'f', precision)).toBe(text);
  });
});
