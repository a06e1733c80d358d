// Images of rcx read by skopeo, umoci, buildah and podman, and theirs by rcx: every file is the same on both sides. What is
// tried here is the table in docs/compatibility.md.
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { differences, imageTree, withoutDirectoryTimes } from '../support/containerTree.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { describeWith } from '../support/requires.ts';
import { openBuildah, openPodmanTool } from '../support/tools/containersTools.ts';
import { makeImage, PROGRAMS } from '../support/tools/image.ts';
import { openSkopeo, openUmoci } from '../support/tools/layoutTools.ts';
import { type Format, IMPOSSIBLE, Matrix, TOOLS, type Tool } from '../support/tools/matrix.ts';
import type { ImageTool } from '../support/tools/tool.ts';
import type { Tree } from '../support/tree.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));
const READ: readonly Format[] = ['registry', 'oci-archive', 'docker-archive', 'store'];
const WRITTEN: readonly Format[] = ['registry', 'oci-archive', 'docker-archive'];
const OPEN: Record<Tool, (scratch: string) => ImageTool> = {
  skopeo: openSkopeo,
  umoci: openUmoci,
  buildah: openBuildah,
  podman: openPodmanTool,
};
/** podman looks for one, even where nothing is run. */
const RUNTIME = 'runc';

/** Of the root itself each tool has its own idea; times of directories change when something is put into them. */
function comparable({ '.': _root, ...tree }: Tree): Tree {
  return withoutDirectoryTimes(tree);
}

describeWith(
  { root: true, commands: [...TOOLS, ...PROGRAMS, RUNTIME, 'docker-registry', 'getfattr'] },
  'images between tools',
  () => {
    const matrix = new Matrix();
    let store: Store;
    let registry: TestRegistry;
    /** podman makes a name of a layout's path, which must be in lower case then, as that of a real store is. */
    const layout = join(tmpdir(), `rcx-layout-${process.pid}`);
    let sources: Record<Format, string>;
    /** What a container of rcx' image finds. */
    let expected: Tree;

    beforeAll(async () => {
      [store, registry] = await Promise.all([newStore(), startRegistry()]);
      const name = `${registry.host}/app:1`;
      await makeImage(store, name);
      const file = (archive: string) => join(store.folder, `${archive}.tar`);
      for (const format of ['oci-archive', 'docker-archive']) {
        await store.ok(['save', '--format', format, '-o', file(format), name]);
      }
      symlinkSync(join(store.root, 'images'), layout);
      sources = {
        // Compresses the layer of from-host, which is stored as it is.
        registry: (await store.ok(['push', '-q', name])).trimEnd(),
        'oci-archive': file('oci-archive'),
        'docker-archive': file('docker-archive'),
        store: `${layout}:${name}`,
      };
      expected = comparable(await imageTree(store, name));
      expect(Object.keys(expected)).toEqual(expect.arrayContaining(['t/capable', 't/disk', 'again/new', 'to-dir/in']));
      expect(Object.keys(expected)).not.toEqual(expect.arrayContaining(['gone/dir']));
    });
    afterAll(async () => {
      rmSync(layout, { force: true });
      await registry?.close();
      await store?.close();
    });

    describe.each(TOOLS)('%s', (name) => {
      let tool: ImageTool;
      beforeAll(() => {
        tool = OPEN[name](mkdtempSync(join(store.folder, 'tool-')));
      });
      afterAll(() => tool?.close());

      it.each(READ.filter((format) => IMPOSSIBLE[`${name} reads ${format}`] === undefined))(
        'reads %s',
        async (format) => {
          const tree = comparable(await tool.read(format, sources[format]));
          expect(differences(tree, expected)).toEqual({});
          matrix.passed(name, 'reads', format);
        },
      );

      it('makes an image that rcx reads out of everything', async () => {
        const written = await tool.write(sources.registry);
        const other = await newStore();
        for (const format of WRITTEN.filter((each) => IMPOSSIBLE[`${name} writes ${each}`] === undefined)) {
          const image = await rcxReads(other, format, (destination) => written.to(format, destination));
          expect(differences(comparable(await imageTree(other, image)), comparable(written.tree))).toEqual({});
          matrix.passed(name, 'writes', format);
        }
        await other.close();
      });

      /** @returns the image that has been pulled or loaded */
      async function rcxReads(other: Store, format: Format, write: (destination: string) => Promise<void>) {
        if (format === 'registry') {
          const image = `${registry.host}/of-${name}:1`;
          await write(image);
          await other.ok(['pull', '-q', image]);
          return image;
        }
        const file = join(other.folder, `${name}.${format}.tar`);
        await write(file);
        const said = await other.ok(['load', '-q', '-i', file]);
        return /^Loaded image(?: ID)?: (.*)\n$/.exec(said)?.[1] ?? '';
      }
    });

    it('are what docs/compatibility.md says', () => {
      const [, table] =
        /<!-- tools: [^>]*-->\n\n([\s\S]*?)\n\n<!-- \/tools -->/.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
      expect(table).toBe(matrix.table());
    });
  },
);
