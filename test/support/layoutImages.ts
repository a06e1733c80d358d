import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { pull } from '../../ts/image/pull.ts';
import { parseReference } from '../../ts/oci/reference.ts';
import type { StoredImage } from '../../ts/store/images.ts';
import type { StorePaths } from '../../ts/store/paths.ts';
import { LayoutSource } from './layoutSource.ts';
import { type LayoutOptions, type WrittenLayout, writeLayout } from './layoutWriter.ts';
import { TarBuilder } from './tarBuilder.ts';

/** Pulls an image of these archives, base layer first, from a layout that is made for it below `scratch`. */
export async function pullArchives(
  scratch: string,
  paths: StorePaths,
  name: string,
  archives: readonly Buffer[],
  options: LayoutOptions = {},
): Promise<{ image: StoredImage; layout: WrittenLayout }> {
  const directory = mkdtempSync(join(scratch, 'layout-'));
  const reference = parseReference(name);
  const layout = writeLayout(directory, archives, { tag: reference.tag ?? 'latest', ...options });
  const wanted = reference.tag === undefined ? { ...reference, digest: layout.manifest.digest } : reference;
  return { image: await pull({ paths, registry: new LayoutSource(directory) }, wanted), layout };
}

/** An archive of a layer with one file, which has this in it. */
export function fileLayer(name: string, content: string): Buffer {
  return new TarBuilder().directory('d').file(`d/${name}`, content).build();
}
