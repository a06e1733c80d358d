import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pull } from '../../../ts/image/pull.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import { storePaths } from '../../../ts/store/paths.ts';
import { LayoutSource } from '../layoutSource.ts';
import { asTar, writeLayout } from '../layoutWriter.ts';
import { TarBuilder } from '../tarBuilder.ts';

/** With rcx' own init layer, more than a page of mount options has room for by path. */
export const DEEP_LAYERS = 120;

/** What the machine's images are made of. */
export interface ImageParts {
  busybox: string;
  /** Names of busybox' programs. */
  applets: readonly string[];
  /** Folder with the scripts that run in containers: `/probe` of the images. */
  probes: string;
  /** The program that tries to leave its root. */
  escapePath: string;
}

/** Pulls the images `guest`, of one layer, and `deep`, of {@link DEEP_LAYERS}, into a store at `root`. */
export async function fillStore(scratch: string, root: string, parts: ImageParts): Promise<void> {
  const base = await baseLayer(parts);
  await pullLayers(scratch, root, 'guest', [base]);
  await pullLayers(scratch, root, 'deep', [base, ...deepLayers()]);
}

async function pullLayers(scratch: string, root: string, tag: string, layers: Buffer[]): Promise<void> {
  const layout = join(scratch, tag);
  writeLayout(layout, layers, { tag: 'latest', compress: asTar });
  const paths = storePaths({ RCX_ROOT: root, RCX_RUN: join(scratch, 'run') });
  await pull({ paths, registry: new LayoutSource(layout) }, parseReference(tag));
}

async function baseLayer({ busybox, applets, probes, escapePath }: ImageParts): Promise<Buffer> {
  const tar = new TarBuilder().directory('bin/').directory('etc/').directory('probe/');
  tar.directory('tmp/', { mode: 0o1777 }).directory('removed/');
  tar.file('etc/passwd', 'root:x:0:0:root:/:/bin/sh\n').file('etc/group', 'root:x:0:\n');
  tar.file('bin/busybox', await readFile(busybox), { mode: 0o755 });
  for (const name of applets) tar.symlink(`bin/${name}`, 'busybox');
  tar.file('probe/escape', await readFile(escapePath), { mode: 0o755 });
  for (const name of await readdir(probes)) tar.file(`probe/${name}`, await readFile(join(probes, name)));
  return tar.build();
}

/** Each adds a file, replaces another, and removes what the one below it left. */
function deepLayers(): Buffer[] {
  return Array.from({ length: DEEP_LAYERS - 1 }, (_, index) => {
    const tar = new TarBuilder().directory('layers/').file(`layers/${index + 1}`, `${index + 1}\n`);
    tar
      .file('newest', `${index + 1}\n`)
      .directory('removed/')
      .file(`removed/${index + 1}`);
    if (index > 0) tar.file(`removed/.wh.${index}`);
    return tar.build();
  });
}
