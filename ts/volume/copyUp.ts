import { chmodSync, chownSync, lstatSync, readdirSync, renameSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../rootless/namespace.ts';
import { withLock } from '../store/lock.ts';
import { fileFailure } from '../store/nativeError.ts';
import { collectWreckage, temporaryDirectory } from '../store/temporary.ts';
import type { Volume } from './record.ts';

/** Held alone by whoever looks whether a volume is to be filled, and fills it. */
const COPY_LOCK = 'copy.lock';
/** Beside the content: all that is to become content, complete. */
const COPIED = 'copied';

/** Puts what an image has at the volume's place into an empty directory, with the owner and mode of that place. */
export type Fill = (directory: string) => Promise<void>;

/**
 * Fills a volume that is empty, as Docker does on its first use.
 *
 * The content is copied beside the volume and then moved into it, name by name: the directory itself must stay, as a container
 * may have it mounted. Whoever is killed while it is copied leaves a temporary, and the next one copies again; whoever is killed
 * while it is moved leaves the rest, which the next one moves.
 * @param fill is called if there is need
 * @throws ERR_RCX_STORE, ERR_RCX_LOCK, and what `fill` throws
 */
export async function copyUp({ folder, mountpoint }: Volume, fill: Fill): Promise<void> {
  const copy = async () => {
    await moveIn(folder, mountpoint);
    if (readdirSync(mountpoint).length > 0) return;
    await collectWreckage(folder);
    const temporary = temporaryDirectory(folder);
    try {
      await fill(temporary.path);
      renameSync(temporary.path, join(folder, COPIED));
    } catch (error) {
      await temporary.dispose();
      throw fileFailure('fill the volume', folder, error);
    }
    temporary.keep();
    await moveIn(folder, mountpoint);
  };
  await withLock(join(folder, COPY_LOCK), copy, { inExisting: true });
}

/** Whether somebody was killed while a volume was being filled, and the rest waits for the next who uses it. */
export function isHalfFilled({ folder }: Pick<Volume, 'folder'>): boolean {
  return look(join(folder, COPIED)) !== undefined;
}

/** Ends what a killed command has begun. @throws ERR_RCX_STORE, ERR_RCX_LOCK */
export async function finishCopyUp({ folder, mountpoint }: Volume): Promise<void> {
  await withLock(join(folder, COPY_LOCK), () => moveIn(folder, mountpoint), { inExisting: true });
}

async function moveIn(folder: string, mountpoint: string): Promise<void> {
  const copied = join(folder, COPIED);
  const attributes = look(copied);
  if (attributes === undefined) return;
  try {
    chownSync(mountpoint, attributes.uid, attributes.gid);
    chmodSync(mountpoint, attributes.mode & 0o7777);
    for (const name of readdirSync(copied, { encoding: 'buffer' })) {
      const [from, to] = [below(copied, name), below(mountpoint, name)];
      // A container that has the volume already may have made one of that name.
      if (look(to) === undefined) renameSync(from, to);
    }
    await removeTree(copied);
  } catch (error) {
    throw fileFailure('fill the volume', mountpoint, error);
  }
}

function below(directory: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), name]);
}

function look(path: string | Buffer): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
