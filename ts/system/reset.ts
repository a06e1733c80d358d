import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '../container/liveness.ts';
import { removeContainer } from '../container/remove.ts';
import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { removeNetwork } from '../network/remove.ts';
import { NetworkStore } from '../network/store.ts';
import { ordinaryUser } from '../rootless/caller.ts';
import { removeTree, requireOwn } from '../rootless/namespace.ts';
import { withContentLock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';

/** Of the user's namespace, by its runtime directory: who passes on what goes out of it, and who keeps it. */
const PROCESSES = ['outside.json', 'namespace.json'];

/**
 * Ends all containers and removes everything: containers, images, volumes, networks, and of an ordinary user the namespace that his
 * containers were in. The store is as it was before the first command.
 * @throws ERR_RCX_CONTAINER_STUCK, ERR_RCX_NETWORK, ERR_RCX_REMOVE
 */
export async function resetStore(engine: Engine): Promise<void> {
  await engine.enter();
  const { paths } = engine;
  if (ordinaryUser() !== undefined) requireOwn(paths.run);
  for (const id of engine.containers.ids()) await removeUnlessGone(engine, id);
  for (const { name } of new NetworkStore(paths).list()) await removeNetwork(engine, name, { force: true });
  await withContentLock(paths, async () => {
    try {
      for (const path of [paths.containers, paths.layers, paths.images, paths.volumes, paths.networks]) {
        await removeTree(path);
      }
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_REMOVE');
    }
  });
  for (const name of ['locks', 'ids.json']) rmSync(join(paths.root, name), { recursive: true, force: true });
  if (ordinaryUser() !== undefined) for (const name of PROCESSES) end(join(paths.run, name));
  rmSync(paths.run, { recursive: true, force: true });
}

async function removeUnlessGone(engine: Engine, id: string): Promise<void> {
  try {
    await removeContainer(engine, id, { force: true, volumes: true });
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND')) throw error;
  }
}

/** Ends the process that a file names, if it is that very one. */
function end(path: string): void {
  let identity: ProcessIdentity;
  try {
    identity = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // There was none, or its maker was killed: nobody could have gone by it.
    return;
  }
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw toRcxError(error, 'ERR_RCX_KILL');
  }
}
