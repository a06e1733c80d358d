import { readFileSync } from 'node:fs';
import type { IdRange } from '../config/config.ts';

/** A line of `/etc/subuid` or `/etc/subgid` (subuid(5)). */
export interface SubordinateIds extends IdRange {
  /** Name of a user, or his number. */
  owner: string;
}

/** The lines of such a file, in their order; what is no such line is left out. */
export function parseSubordinateIds(text: string): SubordinateIds[] {
  return [...text.matchAll(/^([^:#\n]+):([0-9]{1,10}):([0-9]{1,10})\s*$/gm)].map(([, owner = '', first, count]) => ({
    owner,
    first: Number(first),
    count: Number(count),
  }));
}

/** A file of this machine; empty where there is none. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
