import { setTimeout as delay } from 'node:timers/promises';
import { aborted, Transient } from './failure.ts';

/** When and how often a request is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  baseDelay: number;
  /** Longest wait in milliseconds, also for a server's `Retry-After`: asked to wait longer, rcx gives up and says so. */
  maxDelay: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, baseDelay: 500, maxDelay: 30_000 };

/** Runs `attempt` until it succeeds, fails for good, or the policy is used up. */
export async function withRetry<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let made = 1; ; made++) {
    try {
      return await attempt();
    } catch (failure) {
      await waitAfter(failure, made, policy, signal);
    }
  }
}

/**
 * Waits before the next attempt.
 * @param made attempts made so far
 * @throws what made the last attempt fail, if there shall be no further one
 */
export async function waitAfter(
  failure: unknown,
  made: number,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!(failure instanceof Transient)) throw failure;
  if (made >= policy.attempts || (failure.retryAfter ?? 0) > policy.maxDelay) throw failure.error;
  try {
    await delay(Math.max(failure.retryAfter ?? 0, backoff(made, policy)), undefined, { signal });
  } catch (cause) {
    throw aborted(cause);
  }
}

/** Doubling, with the upper half random so that clients which failed together do not come back together. */
export function backoff(made: number, policy: RetryPolicy, random: () => number = Math.random): number {
  const full = Math.min(policy.baseDelay * 2 ** (made - 1), policy.maxDelay);
  return full / 2 + (full / 2) * random();
}

/** Milliseconds a `Retry-After` header asks for: seconds or an HTTP date (RFC 9110 §10.2.3). */
export function parseRetryAfter(value: string | string[] | undefined, now: number = Date.now()): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
