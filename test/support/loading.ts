import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../ts/engine.ts';
import { type LoadedImage, type LoadOptions, loadImages } from '../../ts/image/archive/load.ts';
import { type SaveOptions, saveImages } from '../../ts/image/archive/save.ts';
import { canonicalReference } from '../../ts/oci/reference.ts';
import { wreckage } from './wreckage.ts';

/** What a load printed, in short. */
export interface Loaded {
  id: string;
  names: string[];
  replaced: string[];
}

/** A store to load archives into, and to save them from. */
export class ArchiveStore {
  readonly engine: Engine;
  readonly root: string;

  constructor(scratch: string) {
    this.root = mkdtempSync(join(scratch, 'store-'));
    this.engine = new Engine({ root: this.root, run: join(this.root, 'run') });
  }

  /** @param piece bytes that arrive at a time; all at once by default */
  async load(archive: Buffer, options: LoadOptions & { piece?: number } = {}): Promise<Loaded[]> {
    const loaded: Loaded[] = [];
    for await (const each of loadImages(this.engine, pieces(archive, options.piece), options)) loaded.push(short(each));
    return loaded;
  }

  async save(names: readonly string[], options: SaveOptions = {}): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const piece of saveImages(this.engine, names, options)) parts.push(Buffer.from(piece));
    return Buffer.concat(parts);
  }

  /** Names of all images. */
  get names(): string[] {
    return this.engine.images.list().flatMap(({ references }) => references);
  }

  /** Half-made things that were left. */
  get wreckage(): string[] {
    return wreckage(this.root);
  }
}

async function* pieces(bytes: Buffer, length = bytes.length): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

function short({ image, names }: LoadedImage): Loaded {
  return {
    id: image.id,
    names: names.map(({ reference }) => canonicalReference(reference)),
    replaced: names.flatMap(({ replaced }) => replaced ?? []),
  };
}
