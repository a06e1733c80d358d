import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { readTree, type Tree } from '../tree.ts';
import { change } from './image.ts';
import type { Format } from './matrix.ts';
import { type ImageTool, place } from './tool.ts';

const quietly = (program: string, ...args: string[]) => execa(program, args);

async function copy(from: string, to: string, ...flags: string[]): Promise<void> {
  await quietly('skopeo', 'copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false', ...flags, from, to);
}

/** What rcx itself does not write: manifests of docker's own type, and layers compressed by zstd. */
const FORMS: Record<Format, string[]> = {
  registry: ['--format', 'v2s2'],
  'oci-archive': ['--dest-compress', '--dest-compress-format', 'zstd'],
  'docker-archive': [],
  store: [],
};

/** skopeo unpacks nothing: umoci shows what it has copied. */
export function openSkopeo(scratch: string): ImageTool {
  return {
    async read(format, source) {
      const layout = join(mkdtempSync(join(scratch, 'skopeo-')), 'layout');
      await copy(place(format, source), `oci:${layout}:copied`);
      return await unpack(`${layout}:copied`);
    },
    async write(base) {
      const layout = join(mkdtempSync(join(scratch, 'skopeo-')), 'layout');
      await copy(`docker://${base}`, `oci:${layout}:copied`);
      const to = (format: Format, destination: string) =>
        copy(`oci:${layout}:copied`, place(format, destination), ...FORMS[format]);
      return { tree: await unpack(`${layout}:copied`), to };
    },
    close: async () => undefined,
  };
}

/** umoci knows image layouts only: skopeo fetches and sends, tar packs. */
export function openUmoci(scratch: string): ImageTool {
  const fresh = () => join(mkdtempSync(join(scratch, 'umoci-')), 'layout');
  return {
    async read(format, source) {
      if (format === 'store') return await unpack(source);
      const layout = fresh();
      if (format === 'registry') await copy(place(format, source), `oci:${layout}:copied`);
      else {
        mkdirSync(layout);
        await quietly('tar', '-C', layout, '-xf', source);
      }
      return await unpack(`${layout}:${format === 'registry' ? 'copied' : '1'}`);
    },
    async write(base) {
      const layout = fresh();
      await copy(`docker://${base}`, `oci:${layout}:base`);
      const bundle = `${layout}.bundle`;
      await quietly('umoci', 'unpack', '--image', `${layout}:base`, bundle);
      await change(join(bundle, 'rootfs'));
      await quietly('umoci', 'repack', '--image', `${layout}:made`, bundle);
      const to = async (format: Format, destination: string) => {
        if (format === 'registry') await copy(`oci:${layout}:made`, place(format, destination));
        else {
          await quietly('umoci', 'rm', '--image', `${layout}:base`);
          await quietly('tar', '-C', layout, '-cf', destination, '.');
        }
      };
      return { tree: readTree(join(bundle, 'rootfs')), to };
    },
    close: async () => undefined,
  };
}

async function unpack(image: string): Promise<Tree> {
  const bundle = `${image.replace(/:.*/s, '')}-${Math.random().toString(36).slice(2)}.bundle`;
  await quietly('umoci', 'unpack', '--image', image, bundle);
  return readTree(join(bundle, 'rootfs'));
}
