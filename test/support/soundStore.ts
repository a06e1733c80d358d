import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Digest, digestOf, hexOf } from '../../ts/oci/digest.ts';
import type { ImageConfig, ImageIndex, ImageManifest } from '../../ts/oci/types.ts';
import { wreckage } from './wreckage.ts';

/**
 * Asserts what holds of a store whatever went wrong in it: every blob is what its name says, every layer has its record, every
 * image of the index has all its parts, and nothing is half-made. Looks at the files alone.
 */
export function expectSoundStore(root: string): void {
  expect(wreckage(root)).toEqual([]);
  const blobs = list(root, 'images/blobs/sha256');
  const blob = (digest: Digest) => readFileSync(join(root, 'images/blobs/sha256', hexOf(digest)));
  const document = <T>(digest: Digest) => JSON.parse(blob(digest).toString()) as T;
  for (const name of blobs) expect(digestOf(blob(`sha256:${name}`))).toBe(`sha256:${name}`);
  const layers = list(root, 'layers');
  for (const name of layers) {
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    const parts = list(root, `layers/${name}`).filter((part) => part !== 'flushed');
    expect(parts).toEqual(['diff', 'layer.json']);
  }
  for (const entry of entriesOf(root)) {
    const manifest = document<ImageManifest>(entry.digest);
    const config = document<ImageConfig>(manifest.config.digest);
    expect(blobs).toEqual(expect.arrayContaining(manifest.layers.map(({ digest }) => hexOf(digest))));
    expect(layers).toEqual(expect.arrayContaining(config.rootfs.diff_ids.map((digest) => hexOf(digest as Digest))));
  }
}

function entriesOf(root: string): ImageIndex['manifests'] {
  const path = join(root, 'images/index.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ImageIndex).manifests : [];
}

function list(root: string, directory: string): string[] {
  const path = join(root, directory);
  return existsSync(path) ? readdirSync(path).sort() : [];
}
