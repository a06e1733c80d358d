import { closeSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/** Makes renames in a directory last through a power cut. */
export function fsyncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
