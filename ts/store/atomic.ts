import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { randomHex } from './random.ts';

/**
 * Replaces the file `path` in one step: readers see the old content or the new, never a part.
 * @param options.fsync flush content and name to the disk before returning, so that a power cut cannot undo it
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: { fsync?: boolean } = {}): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp-${process.pid}-${randomHex(6)}`);
  try {
    const fd = openSync(temporary, 'wx', 0o644);
    try {
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
