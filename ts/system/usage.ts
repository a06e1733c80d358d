import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StorePaths } from '../store/paths.ts';

/** Things of one kind in the store, and their size in bytes. */
export interface StoreUsage {
  count: number;
  size: number;
}

/** Unpacked layers; the size is that of the files' content. */
export function layerUsage(paths: StorePaths): StoreUsage {
  const sizes = entries(paths.layers).flatMap((name) => layerSize(join(paths.layers, name)));
  return { count: sizes.length, size: sum(sizes) };
}

/** Blobs of the image layout: compressed layers, configs, manifests. */
export function blobUsage(paths: StorePaths): StoreUsage {
  const blobs = join(paths.images, 'blobs');
  const files = entries(blobs).flatMap((algorithm) =>
    entries(join(blobs, algorithm)).map((name) => join(blobs, algorithm, name)),
  );
  const sizes = files.flatMap((file) => statSync(file, { throwIfNoEntry: false })?.size ?? []);
  return { count: sizes.length, size: sum(sizes) };
}

/** Empty for what is half-made, or removed in this moment. */
function layerSize(directory: string): number[] {
  try {
    const { size } = JSON.parse(readFileSync(join(directory, 'layer.json'), 'utf8')) as { size: number };
    return [size];
  } catch {
    return [];
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
