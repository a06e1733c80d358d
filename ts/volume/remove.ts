import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { volumeEvent } from '../events/append.ts';
import { discard } from '../store/temporary.ts';
import type { Volume } from './record.ts';
import { lockVolume, VolumeStore } from './store.ts';
import { VolumeUsers } from './users.ts';

/** What a removal has to know. */
type Stores = Pick<Engine, 'paths' | 'containers'>;

const DELAY_MS = 20;

/**
 * Removes a volume with its content.
 * @param force one that is not there is no error
 * @throws ERR_RCX_VOLUME_NOT_FOUND, ERR_RCX_VOLUME_IN_USE, ERR_RCX_REMOVE
 */
export async function removeVolume(engine: Stores, name: string, { force = false } = {}): Promise<void> {
  const volumes = new VolumeStore(engine.paths);
  try {
    for (;;) {
      const volume = volumes.find(name);
      if (await removeUnused(engine, volume)) return;
      const users = new VolumeUsers(engine.containers).of(name);
      if (users.length > 0) throw inUse(name, users);
      // Somebody makes a container of it, or removes it, in this moment.
      await sleep(DELAY_MS);
    }
  } catch (error) {
    if (!force || !isRcxError(error, 'ERR_RCX_VOLUME_NOT_FOUND')) throw error;
  }
}

/**
 * Removes a volume unless a container has it or is about to.
 * @returns whether it is gone
 * @throws ERR_RCX_REMOVE
 */
export async function removeUnused(engine: Stores, { name, folder }: Volume): Promise<boolean> {
  const lock = lockVolume(folder);
  if (lock === undefined) return !existsSync(folder);
  try {
    if (new VolumeUsers(engine.containers).of(name).length > 0) return false;
    await discard(folder);
  } finally {
    lock.release();
  }
  volumeEvent(engine.paths, name, 'destroy', { driver: 'local' });
  return true;
}

/** Removes volumes that went with a container that is gone, unless another one has them. @throws ERR_RCX_REMOVE */
export async function removeAnonymous(engine: Stores, names: readonly string[]): Promise<void> {
  const volumes = new VolumeStore(engine.paths);
  for (const name of names) {
    const volume = volumes.get(name);
    if (volume !== undefined) await removeUnused(engine, volume);
  }
}

function inUse(name: string, users: readonly string[]): RcxError {
  return new RcxError(`remove ${name}: volume is in use - [${users.join(', ')}]`, {
    code: 'ERR_RCX_VOLUME_IN_USE',
    step: 'remove the volume',
    path: name,
    hint: 'remove these containers first, with: rcx rm',
  });
}
