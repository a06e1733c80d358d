import type { IdRange } from '../../config/config.ts';
import { RcxError } from '../../errors.ts';
import type { IdMappings } from './mapping.ts';
import type { IdPool } from './pool.ts';

/** Another container's ids, and whether they are promised to it alone. */
export interface UsedIds extends IdMappings {
  name: string;
  auto: boolean;
}

/**
 * Ids that no other container has.
 * @throws ERR_RCX_USERNS_EXHAUSTED
 */
export function allocateIds(size: number, uids: IdPool, gids: IdPool, used: readonly UsedIds[]): IdMappings {
  const take = (pool: IdPool, key: keyof IdMappings) => {
    const others = used.flatMap((each) => each[key].map(({ hostID, size }) => ({ first: hostID, count: size })));
    const hostID = firstFree(size, pool, others);
    if (hostID !== undefined) return [{ containerID: 0, hostID, size }];
    throw exhausted(size, pool, key === 'uidMappings' ? 'user' : 'group');
  };
  return { uidMappings: take(uids, 'uidMappings'), gidMappings: take(gids, 'gidMappings') };
}

/** The first of so many consecutive ids that nobody has. */
function firstFree(size: number, pool: IdPool, others: readonly IdRange[]): number | undefined {
  const taken = [...pool.taken, ...others].sort((a, b) => a.first - b.first);
  for (const range of pool.ranges) {
    let first = range.first;
    for (const { first: start, count } of taken) {
      if (start + count <= first) continue;
      if (start >= first + size) break;
      first = start + count;
    }
    if (first + size <= range.first + range.count) return first;
  }
  return undefined;
}

/**
 * Makes sure that ids which a user gave are not those that another container has for itself.
 * @throws ERR_RCX_USERNS_OVERLAP
 */
export function refuseOverlap(mappings: IdMappings, used: readonly UsedIds[]): void {
  for (const other of used.filter((each) => each.auto)) {
    for (const key of ['uidMappings', 'gidMappings'] as const) {
      const clash = mappings[key].find((own) =>
        other[key].some(({ hostID, size }) => own.hostID < hostID + size && hostID < own.hostID + own.size),
      );
      if (clash === undefined) continue;
      const step = 'map the ids of the container';
      throw new RcxError(`${step}: ${clash.hostID}:${clash.size}: ${other.name} has some of them for itself`, {
        code: 'ERR_RCX_USERNS_OVERLAP',
        step,
        path: `${clash.hostID}:${clash.size}`,
        hint: 'that container has --userns auto: choose other ids, or remove it',
      });
    }
  }
}

function exhausted(size: number, pool: IdPool, kind: string): RcxError {
  const step = 'find ids for the container';
  return new RcxError(`${step}: ${pool.origin}: no ${size} consecutive ${kind} ids are free`, {
    code: 'ERR_RCX_USERNS_EXHAUSTED',
    step,
    path: pool.origin,
    hint: 'remove containers that have --userns auto, ask for fewer with --userns auto:size=NUMBER, or give more to the user containers in /etc/subuid and /etc/subgid',
  });
}
