import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { LayerArchive } from '../../ts/layer/archive.ts';
import { DEFAULT_LIMITS, type LayerLimits } from '../../ts/layer/limits.ts';
import { sinkOptions } from '../../ts/layer/privilege.ts';
import { type UnpackRequest, type UnpackResult, unpackLayer } from '../../ts/layer/unpack.ts';
import { native } from '../../ts/native/index.ts';
import { algorithmOf, digestOf } from '../../ts/oci/digest.ts';
import { readTree, type Tree } from './tree.ts';

export interface Unpacked {
  directory: string;
  result: UnpackResult;
  tree: Tree;
}

export interface UnpackingOptions {
  limits?: Partial<LayerLimits>;
  /** The parser gets the archive in pieces of this size. */
  pieces?: number;
  unprivileged?: boolean;
}

/**
 * Unpacks an archive into a new directory below `scratch`, as a pull would, and reads what came of it. What was counted on the
 * way must be what is there.
 */
export async function unpackInto(scratch: string, archive: Buffer, options: UnpackingOptions = {}): Promise<Unpacked> {
  const directory = mkdtempSync(join(scratch, 'layer-'));
  const sink = options.unprivileged
    ? ({ privileged: false, ownership: 'callers', userxattr: true } as const)
    : sinkOptions();
  const request = {
    diffId: digestOf(archive),
    directory,
    sink,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
  const result = unpackBlob(request, archive, options.pieces);
  expect(await native().measureTree(directory)).toMatchObject(result.tree);
  return { directory, result, tree: readTree(directory) };
}

/** Unpacks a blob, compressed or not. */
export function unpackBlob(request: UnpackRequest, blob: Buffer, pieces?: number): UnpackResult {
  const path = `${request.directory}.blob`;
  writeFileSync(path, blob);
  try {
    const feed = native().LayerFeed.open(path, blob.length);
    feed.stored();
    const archive = new LayerArchive(feed.id, algorithmOf(request.diffId), pieces);
    try {
      return unpackLayer(request, archive);
    } finally {
      archive.close();
    }
  } finally {
    rmSync(path);
  }
}
