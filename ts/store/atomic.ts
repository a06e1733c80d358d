import {
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { names } from './listing.ts';
import { randomHex } from './random.ts';

export interface WriteOptions {
  /** Flush content and name to the disk before returning, so that a power cut cannot undo it. */
  fsync?: boolean;
  /** Permission bits, 0644 by default. Nobody who may not read the file can read the temporary one either. */
  mode?: number;
  /** Whose file it shall be; this process' own by default. */
  owner?: { uid: number; gid: number };
}

/** Replaces the file `path` in one step: readers see the old content or the new, never a part. */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp-${process.pid}-${randomHex(6)}`);
  try {
    const fd = openSync(temporary, 'wx', options.mode ?? 0o644);
    try {
      if (options.owner !== undefined) fchownSync(fd, options.owner.uid, options.owner.gid);
      writeFileSync(fd, data);
      if (options.fsync === true) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.fsync === true) fsyncDirectory(dirname(path));
}

/** Writing a small file takes no longer. */
const GRACE_MS = 60_000;

/** Files in a folder that {@link writeFileAtomic} had no time to rename, because its process was killed. */
export function unrenamedFiles(folder: string): string[] {
  const abandoned = names(folder).filter((name) => {
    const pid = /^\..+\.tmp-(\d+)-[0-9a-f]{12}$/.exec(name)?.[1];
    // Processes of another pid namespace cannot be seen: the file must be old, too.
    return pid !== undefined && !existsSync(`/proc/${pid}`) && isOld(join(folder, name));
  });
  return abandoned.map((name) => join(folder, name));
}

function isOld(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > GRACE_MS;
}

/** Makes renames in a directory last through a power cut. */
export function fsyncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
