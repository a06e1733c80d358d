import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../../ts/oci/instructions/changes.ts';
import type { Healthcheck } from '../../../../ts/oci/types.ts';

const before: Healthcheck = { Test: ['CMD', 'old'], Interval: 1_000_000_000, Retries: 9 };
const check = (change: string) => applyChanges({ Env: ['A=1'], Healthcheck: before }, [change]).Healthcheck;

describe('HEALTHCHECK', () => {
  it.each<[string, Healthcheck]>([
    ['HEALTHCHECK NONE', { Test: ['NONE'] }],
    ['healthcheck none', { Test: ['NONE'] }],
    ['HEALTHCHECK CMD ["curl", "-f", "$A"]', { Test: ['CMD', 'curl', '-f', '$A'] }],
    ['HEALTHCHECK cmd curl -f "$A" || exit 1', { Test: ['CMD-SHELL', 'curl -f "$A" || exit 1'] }],
    [
      'HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=0.5h --start-interval=2s --retries=5 CMD x',
      {
        Test: ['CMD-SHELL', 'x'],
        Interval: 90_000_000_000,
        Timeout: 500_000_000,
        StartPeriod: 1_800_000_000_000,
        StartInterval: 2_000_000_000,
        Retries: 5,
      },
    ],
    [
      'HEALTHCHECK --interval="3s" \\\n  --retries=1 \\\n  CMD x',
      { Test: ['CMD-SHELL', 'x'], Interval: 3e9, Retries: 1 },
    ],
    ['HEALTHCHECK --interval=0 --timeout=0s --retries=0 --start-period= CMD x', { Test: ['CMD-SHELL', 'x'] }],
    ['HEALTHCHECK --interval=1ms CMD x', { Test: ['CMD-SHELL', 'x'], Interval: 1_000_000 }],
    // What follows the type is the command's own.
    ['HEALTHCHECK CMD x --retries=1', { Test: ['CMD-SHELL', 'x --retries=1'] }],
    ['HEALTHCHECK CMD --retries=1', { Test: ['CMD-SHELL', '--retries=1'] }],
  ])('%s', (change, after) => expect(check(change)).toEqual(after));

  it('can be as long as JSON is exact, and no longer', () => {
    expect(check('HEALTHCHECK --interval=9007199254740991ns CMD x')?.Interval).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => check('HEALTHCHECK --interval=9007199254740992ns CMD x')).toThrow('longer than 104 days');
  });

  it.each([
    ['HEALTHCHECK', 'it needs an argument'],
    ['HEALTHCHECK --retries=1', 'it needs an argument'],
    ['HEALTHCHECK curl x', '"curl" is neither CMD nor NONE'],
    ['HEALTHCHECK CMD-SHELL x', '"CMD-SHELL" is neither CMD nor NONE'],
    ['HEALTHCHECK NONE x', 'NONE stands alone'],
    ['HEALTHCHECK --retries=1 NONE', 'NONE stands alone'],
    ['HEALTHCHECK CMD', 'there is no command behind CMD'],
    ['HEALTHCHECK CMD []', 'there is no command behind CMD'],
    ['HEALTHCHECK CMD [1]', 'its list may hold strings only'],
    ['HEALTHCHECK --every=1s CMD x', 'it has no option "--every"'],
    ['HEALTHCHECK --__proto__=1s CMD x', 'it has no option "--__proto__"'],
    ['HEALTHCHECK --interval CMD x', '--interval has no value'],
    ['HEALTHCHECK --retries=1 --retries=2 CMD x', '--retries is there twice'],
    ['HEALTHCHECK --interval=30 CMD x', '--interval: "30" is not a duration'],
    ['HEALTHCHECK --timeout=soon CMD x', '--timeout: "soon" is not a duration'],
    ['HEALTHCHECK --timeout=$A CMD x', '--timeout: "$A" is not a duration'],
    ['HEALTHCHECK --timeout=999us CMD x', '--timeout: "999us" is shorter than 1ms'],
    ['HEALTHCHECK --start-interval=-1s CMD x', '--start-interval: "-1s" is shorter than 1ms'],
    ['HEALTHCHECK --start-period=3000h CMD x', '--start-period: "3000h" is longer than 104 days'],
    ['HEALTHCHECK --retries=-1 CMD x', '--retries: "-1" is not a number of retries'],
    ['HEALTHCHECK --retries=1.5 CMD x', '--retries: "1.5" is not a number of retries'],
    ['HEALTHCHECK --retries=2147483648 CMD x', '--retries: "2147483648" is not a number of retries'],
  ])('refuses %s', (change, problem) => {
    expect(() => check(change)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE', message: expect.stringContaining(problem) }),
    );
  });
});
