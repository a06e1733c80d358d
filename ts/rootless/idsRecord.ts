import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IdMapping, IdMappings } from '../container/userns/mapping.ts';
import { RcxError } from '../errors.ts';

/** In the store's root: the ids that its files belong to. */
const FILE = 'ids.json';

/**
 * Makes sure that the files of a store mean the same with these ids as when they were made, and keeps them on record. More of them than
 * before are no harm.
 * @throws ERR_RCX_IDS_CHANGED
 */
export function keepIds(root: string, maps: IdMappings): void {
  const path = join(root, FILE);
  const before = read(path);
  if (
    before !== undefined &&
    !(['uidMappings', 'gidMappings'] as const).every((key) => goesOn(before[key], maps[key]))
  ) {
    throw changed(path);
  }
  mkdirSync(root, { recursive: true, mode: 0o710 });
  writeFileSync(path, JSON.stringify(maps), { mode: 0o600 });
}

/** Each id is the same as before. */
function goesOn(before: readonly IdMapping[], now: readonly IdMapping[]): boolean {
  return before.every(({ containerID, hostID, size }) =>
    now.some((range) => range.containerID === containerID && range.hostID === hostID && range.size >= size),
  );
}

function read(path: string): IdMappings | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as IdMappings;
  } catch (error) {
    // A damaged one says no more than none.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function changed(path: string): RcxError {
  const step = 'use the store with the ids of this user';
  return new RcxError(`${step}: they are others than those that its files were given to`, {
    code: 'ERR_RCX_IDS_CHANGED',
    step,
    path,
    hint: 'give this user the ids in /etc/subuid and /etc/subgid back that are in that file; or have root remove the store, and pull anew',
  });
}
