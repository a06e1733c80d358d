import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
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

/**
 * Changes a union of layers, topmost first, as a container does: with rcx' own mount options.
 * @param scratch directory for the layer
 * @returns the read-write layer
 */
export async function changeUnion(
  scratch: string,
  layers: readonly string[],
  body: (union: string) => void | Promise<void>,
): Promise<string> {
  const folder = mkdtempSync(join(scratch, 'change-'));
  const [union, upper, work] = ['union', 'upper', 'work'].map((name) => join(folder, name)) as [string, string, string];
  for (const path of [union, upper, work]) mkdirSync(path);
  const fixed = 'redirect_dir=off,metacopy=off,index=off';
  const options = `lowerdir=${layers.join(':')},upperdir=${upper},workdir=${work},${fixed}`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, union]);
  try {
    await body(union);
  } finally {
    execFileSync('umount', [union]);
  }
  return upper;
}
