import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Mounts layers as one read-only union, topmost first, while `body` runs.
 * @param scratch directory for the mount point
 */
export async function withUnion<T>(
  scratch: string,
  layers: readonly string[],
  body: (union: string) => T | Promise<T>,
): Promise<T> {
  const union = mkdtempSync(join(scratch, 'union-'));
  // Overlay wants two layers at least; an empty one at the bottom changes nothing.
  const bottom = mkdtempSync(join(scratch, 'bottom-'));
  const options = `ro,lowerdir=${[...layers, bottom].join(':')}`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, union]);
  try {
    return await body(union);
  } finally {
    execFileSync('umount', [union]);
    rmdirSync(union);
  }
}
