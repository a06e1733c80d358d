import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRcxError } from '../errors.ts';
import { tryLockInExisting } from '../store/lock.ts';
import { isBeingMade } from '../store/temporary.ts';
import { CONFIG_LOCK, readConfig } from './record.ts';

/**
 * Whether the container in a folder goes by a name that leads to it: its record must say so, too. Of a record that cannot be
 * read the link is believed.
 */
export function goesBy(folder: string, name: string): boolean {
  if (!existsSync(folder)) return false;
  try {
    return readConfig(folder).name === name;
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return existsSync(folder);
    throw error;
  }
}

/**
 * The same, or it is about to: a name is taken just before the container's folder gets its own, or its record the new name. Then
 * somebody who lives holds a lock.
 * @param parent of the containers' folders
 */
export function mayGoBy(parent: string, id: string, name: string): boolean {
  const folder = join(parent, id);
  return goesBy(folder, name) || isBeingMade(parent, id) || isBeingChanged(folder) || goesBy(folder, name);
}

function isBeingChanged(folder: string): boolean {
  const lock = tryLockInExisting(join(folder, CONFIG_LOCK));
  lock?.release();
  return lock === undefined && existsSync(folder);
}
