import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { openPodman } from '../podman.ts';
import { readTree } from '../tree.ts';
import { change } from './image.ts';
import type { Format } from './matrix.ts';
import { type ImageTool, place } from './tool.ts';

/** buildah with images of its own. */
export function openBuildah(scratch: string): ImageTool {
  const engine = openPodman(mkdtempSync(join(scratch, 'buildah-')));
  const { buildah } = engine;
  const working = async (source: string) => {
    const container = await buildah('from', '-q', '--tls-verify=false', source);
    return { container, root: await buildah('mount', container) };
  };
  return {
    async read(format, source) {
      const { container, root } = await working(place(format, source));
      const tree = readTree(root);
      await buildah('rm', container);
      await buildah('rmi', '-af');
      return tree;
    },
    async write(base) {
      const { container, root } = await working(place('registry', base));
      await change(root);
      const tree = readTree(root);
      const id = await buildah('commit', '-q', container);
      const to = async (format: Format, destination: string) => {
        await buildah('push', '-q', '--tls-verify=false', id, place(format, destination));
      };
      return { tree, to };
    },
    close: () => engine.close(),
  };
}

/** podman with images of its own. Nothing is run. */
export function openPodmanTool(scratch: string): ImageTool {
  const engine = openPodman(mkdtempSync(join(scratch, 'podman-')));
  const { podman } = engine;
  const get = async (format: Format, source: string) => {
    if (format === 'registry' || format === 'store') {
      return await podman('pull', '-q', '--tls-verify=false', place(format, source));
    }
    await podman('load', '-q', '-i', source);
    return await podman('images', '-q', '--no-trunc');
  };
  return {
    async read(format, source) {
      const id = await get(format, source);
      const tree = readTree(await podman('image', 'mount', id));
      await podman('image', 'umount', id);
      await podman('rmi', '-af');
      return tree;
    },
    async write(base) {
      const container = await podman('create', '--network', 'none', await get('registry', base));
      const root = await podman('mount', container);
      await change(root);
      const tree = readTree(root);
      const id = await podman('commit', '-q', container);
      const to = async (format: Format, destination: string) => {
        if (format === 'registry') await podman('push', '-q', '--tls-verify=false', id, place(format, destination));
        else await podman('save', '-q', '--format', format, '-o', destination, id);
      };
      return { tree, to };
    },
    close: () => engine.close(),
  };
}
