import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type LayerLimits } from '../../ts/layer/limits.ts';
import { sinkOptions } from '../../ts/layer/privilege.ts';
import { type UnpackResult, unpackLayer } from '../../ts/layer/unpack.ts';
import { digestOf } from '../../ts/oci/digest.ts';
import { readTree, type Tree } from './tree.ts';

export interface Unpacked {
  directory: string;
  result: UnpackResult;
  tree: Tree;
}

export interface UnpackingOptions {
  limits?: Partial<LayerLimits>;
  /** The archive arrives in pieces of this size. */
  pieces?: number;
  unprivileged?: boolean;
}

/** Unpacks an archive into a new directory below `scratch`, as a pull would, and reads what came of it. */
export async function unpackInto(scratch: string, archive: Buffer, options: UnpackingOptions = {}): Promise<Unpacked> {
  const directory = mkdtempSync(join(scratch, 'layer-'));
  const sink = options.unprivileged ? { privileged: false, ownership: false, userxattr: true } : sinkOptions();
  const request = {
    diffId: digestOf(archive),
    directory,
    sink,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
  const result = await unpackLayer(request, inPieces(archive, options.pieces ?? archive.length));
  return { directory, result, tree: readTree(directory) };
}

export async function* inPieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}
