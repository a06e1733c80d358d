import { describe, expect, it } from 'vitest';
import { RcxError } from '../../../ts/errors.ts';
import { Transient } from '../../../ts/registry/failure.ts';
import { backoff, parseRetryAfter, type RetryPolicy, withRetry } from '../../../ts/registry/retry.ts';

const POLICY: RetryPolicy = { attempts: 4, baseDelay: 1, maxDelay: 50 };
const PASSING = new RcxError('later', { code: 'ERR_RCX_TEST' });

/** Fails as told, then succeeds with the number of attempts. */
function failing(failures: unknown[]): () => Promise<number> {
  let made = 0;
  return async () => {
    made++;
    if (failures.length > 0) throw failures.shift();
    return made;
  };
}

describe('withRetry', () => {
  it('tries again what may pass', async () => {
    const failures = [new Transient(PASSING), new Transient(PASSING, 1), new Transient(PASSING)];
    expect(await withRetry(POLICY, undefined, failing(failures))).toBe(4);
  });

  it('gives up with the last error itself', async () => {
    const failures = Array.from({ length: 9 }, () => new Transient(PASSING));
    await expect(withRetry(POLICY, undefined, failing(failures))).rejects.toBe(PASSING);
    expect(failures).toHaveLength(9 - POLICY.attempts);
  });

  it('does not repeat what will not pass', async () => {
    const failures = [PASSING, PASSING];
    await expect(withRetry(POLICY, undefined, failing(failures))).rejects.toBe(PASSING);
    expect(failures).toHaveLength(1);
  });

  it('does not wait longer than the limit for a server', async () => {
    const failures = [new Transient(PASSING, 51), new Transient(PASSING)];
    await expect(withRetry(POLICY, undefined, failing(failures))).rejects.toBe(PASSING);
    expect(failures).toHaveLength(1);
  });

  it('stops waiting when it is cancelled', async () => {
    const controller = new AbortController();
    const policy = { attempts: 2, baseDelay: 60_000, maxDelay: 60_000 };
    const waiting = withRetry(policy, controller.signal, failing([new Transient(PASSING)]));
    setImmediate(() => controller.abort());
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
  });
});

describe('backoff', () => {
  const policy: RetryPolicy = { attempts: 9, baseDelay: 100, maxDelay: 1000 };
  it.each([
    [1, 0, 50],
    [1, 1, 100],
    [2, 0, 100],
    [3, 0.5, 300],
    [9, 1, 1000],
    [60, 0, 500],
  ])('after %i attempts, chance %d: %i ms', (made, chance, delay) =>
    expect(backoff(made, policy, () => chance)).toBe(delay),
  );
});

describe('parseRetryAfter', () => {
  const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    [' 120 ', 120_000],
    [['3', '9'], 3000],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wed, 21 Oct 2026 07:00:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
  ])('%j is %s', (value, expected) => expect(parseRetryAfter(value, now)).toBe(expected));
});
