import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, isDigest } from '../oci/digest.ts';
import { toRcxError } from './nativeError.ts';
import type { StorePaths } from './paths.ts';

/** Digests of all blobs, by their file names; what is named otherwise is none. */
export function listBlobs({ images }: StorePaths): Digest[] {
  const blobs = join(images, 'blobs');
  return names(blobs).flatMap((algorithm) =>
    names(join(blobs, algorithm))
      .map((hex) => `${algorithm}:${hex}`)
      .filter(isDigest),
  );
}

/** Diff IDs of all layers' directories, whole or not. */
export function listLayers({ layers }: StorePaths): Digest[] {
  // A hash's length tells which one it is; the names have no room for its algorithm.
  return names(layers).flatMap((hex) => [`sha256:${hex}`, `sha512:${hex}`].filter(isDigest));
}

/** Names in a directory; none if it does not exist. */
export function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const failure = toRcxError(error, 'ERR_RCX_STORE');
    if (failure.errno === 'ENOENT' || failure.errno === 'ENOTDIR') return [];
    throw failure;
  }
}
