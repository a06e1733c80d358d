import type { IdRange } from '../../config/config.ts';
import { parseSubordinateIds, readIfThere } from '../../rootless/subordinateIds.ts';

/** Ids of users, or of groups, that `--userns auto` gives to containers. */
export interface IdPool {
  /** Where they come from, for messages. */
  origin: string;
  ranges: IdRange[];
  /** Ids among them that belong to others. */
  taken: IdRange[];
}

/** Their lines of `/etc/subuid` and `/etc/subgid` are for containers; the first is podman's, too. */
const OWNERS = ['containers', 'rcx'];

/**
 * 1879048192 to 2147352575: nobody's by the convention that systemd documents for the ids of Linux (UIDS-GIDS), and 4094 times
 * 65536 of them.
 */
const DEFAULT_RANGE: IdRange = { first: 0x7000_0000, count: 0x0ffe_0000 };

/** What is read to find them. */
export interface PoolSources {
  /** Text of a file of `/etc`; empty where there is none. */
  file: (path: string) => string;
  configured: IdRange | undefined;
}

/** The files of this machine. */
export function machineSources(configured: IdRange | undefined): PoolSources {
  return { file: readIfThere, configured };
}

/**
 * The subordinate ids of the user `containers` or `rcx` (subuid(5)), else those of the configuration, else the default ones. Of the
 * last two, those are left out that accounts of the machine have, or that are subordinate to them.
 */
export function idPool(kind: 'uid' | 'gid', { file, configured }: PoolSources): IdPool {
  const origin = `/etc/sub${kind}`;
  const lines = parseSubordinateIds(file(origin));
  for (const owner of OWNERS) {
    const ranges = lines.filter((line) => line.owner === owner).map(({ first, count }) => ({ first, count }));
    if (ranges.length > 0) return { origin: `those of ${owner} in ${origin}`, ranges, taken: [] };
  }
  const taken = [...lines, ...accounts(file(kind === 'uid' ? '/etc/passwd' : '/etc/group'))];
  if (configured !== undefined) return { origin: 'the range userns of the configuration', ranges: [configured], taken };
  return { origin: 'the default range', ranges: [DEFAULT_RANGE], taken };
}

/** Third field of passwd(5) and group(5). */
function accounts(text: string): IdRange[] {
  return [...text.matchAll(/^[^:#\n]*:[^:\n]*:([0-9]{1,10})(?::|$)/gm)].map(([, id]) => ({
    first: Number(id),
    count: 1,
  }));
}
