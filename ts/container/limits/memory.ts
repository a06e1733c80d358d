import type { SpecResources } from '../spec/types.ts';
import { invalidLimit } from './invalid.ts';
import type { FixedLimitOptions, LimitOptions } from './options.ts';

type Memory = NonNullable<SpecResources['memory']>;

/** Docker's least: with less a container's first process does not even start. */
const LEAST_MEMORY = 6 * 1024 ** 2;
const MOST_SWAPPINESS = 100;

/**
 * Limits of memory: what is wanted, and what that depends on.
 * @throws ERR_RCX_INVALID_OPTION for limits that do not go together
 */
export function changeMemory(
  old: Memory = {},
  { memory, memorySwap, memoryReservation, memorySwappiness, oomKillDisable }: LimitOptions & FixedLimitOptions,
): Memory | undefined {
  // Docker's 0 is what was not given.
  const isGiven = memory || memorySwap || memoryReservation || memorySwappiness !== undefined || oomKillDisable;
  if (!isGiven) return undefined;
  requireEnough('--memory', memory);
  requireEnough('--memory-reservation', memoryReservation);
  const limit = memory || old.limit;
  const swap = memorySwap || old.swap || (limit === undefined ? undefined : limit * 2);
  const reservation = memoryReservation || old.reservation;
  checkSwap({ limit, swap, isGiven: memorySwap !== undefined });
  if (limit !== undefined && reservation !== undefined && reservation > limit) {
    throw invalidLimit(
      '--memory cannot be less than --memory-reservation, what is reserved for it',
      'give a smaller --memory-reservation',
    );
  }
  if (memorySwappiness !== undefined && !(memorySwappiness >= 0 && memorySwappiness <= MOST_SWAPPINESS)) {
    throw invalidLimit(`--memory-swappiness is from 0 to ${MOST_SWAPPINESS}`, 'leave it out for that of the machine');
  }
  return {
    ...(limit !== undefined && { limit }),
    ...(swap !== undefined && { swap }),
    ...(reservation !== undefined && { reservation }),
    ...(memorySwappiness !== undefined && { swappiness: memorySwappiness }),
    ...(oomKillDisable && { disableOOMKiller: true }),
  };
}

function requireEnough(flag: string, bytes: number | undefined): void {
  if (bytes === undefined || bytes === 0 || bytes >= LEAST_MEMORY) return;
  throw invalidLimit(`${flag}: the least is 6m`, 'give more, or 0 for no limit');
}

function checkSwap({
  limit,
  swap,
  isGiven,
}: Record<'limit' | 'swap', number | undefined> & { isGiven: boolean }): void {
  if (swap === undefined || swap < 0) return;
  if (limit === undefined) {
    throw invalidLimit(
      '--memory-swap is about memory and swap together and needs a limit of memory',
      'give --memory, too',
    );
  }
  if (limit <= swap) return;
  throw isGiven
    ? invalidLimit('--memory-swap is memory and swap together and cannot be less than --memory', 'give more')
    : invalidLimit(
        'the limit of memory is above that of memory and swap together',
        'give --memory-swap at the same time',
      );
}
