import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, percentile, shuffled } from '../../../scripts/bench/stats.mjs';

describe('median', () => {
  it('is the middle one, or between the two middle ones', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 2, 9])).toBe(5.5);
  });

  it('sorts numbers as numbers', () => {
    expect(median([100, 9, 20])).toBe(20);
  });

  it('has no answer for nothing', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('percentile', () => {
  it('is a nearest rank', () => {
    const samples = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(samples, 0.95)).toBe(95);
    expect(percentile([7], 0.95)).toBe(7);
    expect(percentile([1, 2, 3], 0.95)).toBe(3);
  });

  it('was measured, and no more than its share of samples is above it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (samples, fraction) => {
          const value = percentile(samples, fraction);
          expect(samples).toContain(value);
          const above = samples.filter((sample) => sample > value).length;
          expect(above).toBeLessThanOrEqual(samples.length - Math.floor(fraction * samples.length));
        },
      ),
    );
  });
});

describe('shuffled', () => {
  it('has the same items, in an order that the random numbers decide, and leaves its argument alone', () => {
    const items = Object.freeze(['a', 'b', 'c', 'd']);
    expect(shuffled(items, () => 0)).toEqual(['b', 'c', 'd', 'a']);
    expect(shuffled(items).sort()).toEqual([...items]);
  });

  it('brings every item to the first place', () => {
    const firsts = new Set(Array.from({ length: 200 }, () => shuffled([1, 2, 3])[0]));
    expect(firsts.size).toBe(3);
  });
});
