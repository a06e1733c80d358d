import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostPlatform } from '../../ts/oci/platform.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { imageTree } from '../support/containerTree.ts';
import { type HostileRegistry, startHostileRegistry } from '../support/hostileRegistry.ts';
import { TestStore } from '../support/pulling.ts';
import { OTHER_IDS, rootOnly } from '../support/rootOnly.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { wreckage } from '../support/wreckage.ts';

const ARCHIVE = new TarBuilder()
  .directory('./')
  .directory('./bin/', { mode: 0o711, mtime: 5 })
  .file('./bin/tool', 'x'.repeat(3000), { mode: 0o4755, uid: 7, mtime: 6 })
  .hardlink('./bin/other', './bin/tool')
  .symlink('./link', 'bin/tool')
  .build();

let store: Store;
let server: HostileRegistry;
beforeAll(async () => {
  store = await newStore();
});
beforeEach(async () => {
  server = await startHostileRegistry();
  return () => server.close();
});
afterAll(() => store.close());

function file(name: string, content: Uint8Array): string {
  const path = join(store.folder, name);
  writeFileSync(path, content);
  return path;
}

const importOf = async (input: Uint8Array, ...args: string[]) =>
  (await store.ok(['import', ...args], { input })).trimEnd();

interface Inspected {
  Id: string;
  Os: string;
  Architecture: string;
  Variant?: string;
  Created: string;
  Config?: { Cmd?: string[]; Env?: string[] };
  RootFS: { Layers: string[] };
}

async function inspect(image: string): Promise<Inspected> {
  return (JSON.parse(await store.ok(['image', 'inspect', image])) as [Inspected])[0];
}

/** What the store holds that an import could leave behind. */
const content = () => new TestStore(store.root).content();

describe('import', () => {
  rootOnly(OTHER_IDS, 'makes an image of one layer of an archive from stdin, and prints its ID', async () => {
    const id = await importOf(ARCHIVE, '-', 'imported:1');
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await inspect('imported:1')).toMatchObject({ Id: id, RootFS: { Layers: [expect.any(String)] } });
    const tree = await imageTree(store, 'imported:1');
    expect(Object.keys(tree)).toEqual(['.', 'bin', 'bin/other', 'bin/tool', 'link']);
    expect(tree['bin/tool']).toMatchObject({ mode: '4755', owner: '7:0', mtime: '6.000000000', sameAs: 'bin/other' });
    expect(await store.ok(['history', '--format', '{{.Comment}}|{{.Size}}', 'imported:1'])).toBe(
      'Imported from -|3kB\n',
    );
  });

  it('gives the same layer however the archive comes', async () => {
    const zstd = execFileSync('zstd', ['--stdout'], { input: ARCHIVE });
    server.on('/root.tar', (_, response) => response.end(ARCHIVE));
    server.on('/moved', (_, response) => response.writeHead(302, { location: '/root.tar' }).end());
    await importOf(gzipSync(ARCHIVE), '-', 'gzip');
    await importOf(zstd, '-', 'zstd');
    await importOf(Buffer.alloc(0), file('root.tar', ARCHIVE), 'file');
    await importOf(Buffer.alloc(0), file('root.tar.gz', gzipSync(ARCHIVE)), 'file-gzip');
    await importOf(Buffer.alloc(0), `${server.url}/root.tar`, 'url');
    await importOf(Buffer.alloc(0), `${server.url}/moved`, 'redirect');
    const names = ['gzip', 'zstd', 'file', 'file-gzip', 'url', 'redirect'];
    const layers = await Promise.all(names.map(async (name) => (await inspect(name)).RootFS.Layers.join()));
    expect(new Set([...layers, (await inspect('imported:1')).RootFS.Layers.join()]).size).toBe(1);
    expect(await store.ok(['history', '--format', '{{.Comment}}', 'url'])).toBe(
      `Imported from ${server.url}/root.tar\n`,
    );
  });

  it('notes what it is told, and applies instructions', async () => {
    const changes = ['-c', 'CMD ["/bin/tool"]', '--change', 'ENV A=1 B="$A x"'];
    const env = { SOURCE_DATE_EPOCH: '86400' };
    await store.ok(['import', ...changes, '-m', 'a message', '-', 'noted'], { input: ARCHIVE, env });
    expect(await inspect('noted')).toMatchObject({
      Created: '1970-01-02T00:00:00.000Z',
      Config: { Cmd: ['/bin/tool'], Env: ['A=1', 'B= x'] },
    });
    expect(await store.ok(['history', '--format', '{{.Comment}}', 'noted'])).toBe('a message\n');
  });

  it('is for this machine unless it is told what for', async () => {
    const { os, architecture } = hostPlatform();
    expect(await inspect('imported:1')).toMatchObject({ Os: os, Architecture: architecture });
    await importOf(ARCHIVE, '--platform', 'linux/arm/v6', '-', 'foreign');
    expect(await inspect('foreign')).toMatchObject({ Os: 'linux', Architecture: 'arm', Variant: 'v6' });
  });

  it('without a name is found by its ID', async () => {
    const id = await importOf(ARCHIVE, '-m', 'nameless', '-');
    expect(await inspect(id.slice(7, 19))).toMatchObject({ Id: id });
    expect(await store.ok(['images'])).toMatch(new RegExp(`<none> +<none> +${id.slice(7, 19)}`));
  });

  it('applies a whiteout to nothing: there is no layer below', async () => {
    await importOf(new TarBuilder().file('kept').file('.wh.gone').build(), '-', 'whiteout');
    expect(Object.keys(await imageTree(store, 'whiteout'))).toEqual(['.', 'kept']);
  });
});

describe('an import that cannot be made', () => {
  /** Asserts that an import failed in one line, and left the store as it was. */
  async function expectRefused(message: RegExp, args: string[], input: Uint8Array = Buffer.alloc(0)): Promise<void> {
    const before = content();
    expectFailure(await store.rcx(['import', ...args, 'refused'], { input }), 1, message);
    expect(content()).toEqual(before);
    expect(wreckage(store.root)).toEqual([]);
    expect(await store.rcx(['image', 'inspect', 'refused'])).toMatchObject({ exitCode: 1 });
  }

  const zstd = () => execFileSync('zstd', ['--stdout'], { input: ARCHIVE });

  it.each([
    ['a cut archive', () => ARCHIVE.subarray(0, 2000), /import: the archive is truncated; nothing of it was kept/],
    [
      'cut gzip data',
      () => gzipSync(ARCHIVE).subarray(0, 100),
      /import: its gzip data is damaged: it ends too early; /,
    ],
    ['cut zstd data', () => zstd().subarray(0, 60), /import: its zstd data is damaged: /],
    ['text', () => Buffer.alloc(2000, 'not a tar archive '), /import: the archive is damaged: .*wrong checksum/],
    ['a name that leads out', () => new TarBuilder().file('../up').build(), /import: \.\.\/up: .*out of the layer/],
    ['a link that leads out', () => new TarBuilder().hardlink('a', '../../etc/passwd').build(), /import: /],
    ['a bare whiteout', () => new TarBuilder().file('.wh.').build(), /import: .*a whiteout must name a file/],
  ])('is of %s, and leaves nothing', async (_, input, message) => {
    await expectRefused(message, ['-'], input());
  });

  it.each([
    ['xz', Buffer.from('\u00fd7zXZ\0\0\0 and more', 'latin1')],
    ['bzip2', Buffer.from('BZh91AY&SY and more')],
  ])('is compressed by %s, and says how to read it', async (program, input) => {
    await expectRefused(
      new RegExp(`compressed by ${program}; .*${program} -dc FILE \\| rcx import - NAME`),
      ['-'],
      input,
    );
    const child = store.start(['import', '-']);
    for (const byte of input.subarray(0, 12)) {
      child.stdin.write(Buffer.of(byte));
      await sleep(5);
    }
    child.stdin.end();
    expect(await child).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`compressed by ${program}`) });
  });

  it('is not one of an archive whose first name looks like a compression', async () => {
    await importOf(new TarBuilder().file('BZh9', '1').build(), '-', 'looks-like');
    expect(Object.keys(await imageTree(store, 'looks-like'))).toEqual(['.', 'BZh9']);
  });

  it('has nothing to read', async () => {
    mkdirSync(join(store.folder, 'directory'), { recursive: true });
    await expectRefused(/import: \/nonexistent: .*no such file.*; give a file, an http or https URL, or -/, [
      '/nonexistent',
    ]);
    await expectRefused(/import: .*directory: .*EISDIR/, [join(store.folder, 'directory')]);
    await expectRefused(/import: http:\/\/127\.0\.0\.1:1\/x: .*ECONNREFUSED/, ['http://127.0.0.1:1/x']);
    await expectRefused(/import: .*\/missing: the server answered HTTP 404/, [`${server.url}/missing`]);
    await expectRefused(/import: http:\/\/: Invalid URL/, ['http://']);
  });

  it('loses its connection', async () => {
    server.on('/cut', (_, response) => {
      response.writeHead(200, { 'content-length': ARCHIVE.length });
      response.write(ARCHIVE.subarray(0, 2048), () => response.destroy());
    });
    server.on('/cut-chunks', (_, response) => {
      response.write(ARCHIVE.subarray(0, 2048), () => response.destroy());
    });
    await expectRefused(/import: .*\/cut: /, [`${server.url}/cut`]);
    await expectRefused(/import: .*\/cut-chunks: /, [`${server.url}/cut-chunks`]);
  });

  it.each([
    [['-c', 'FROM x', '-'], /FROM is not a valid change command/],
    [['--platform', 'a/b/c/d', '-'], /a\/b\/c\/d/],
    [['-', 'Bad Name'], /invalid image name/],
  ])('is asked for in a wrong way: %j', async (args, message) => {
    const outcome = await store.rcx(['import', ...args], { input: ARCHIVE });
    expectFailure(outcome, args.includes('--platform') ? 125 : 1, message);
  });

  it('is killed in the middle, and leaves nothing that counts', async () => {
    const before = content();
    const child = store.start(['import', '-', 'refused']);
    child.stdin.write(ARCHIVE.subarray(0, 2048));
    await expect.poll(() => wreckage(store.root).length).toBeGreaterThan(0);
    child.kill('SIGINT');
    expect(await child).toMatchObject({ signal: 'SIGINT' });
    expect({ ...content(), blobs: [] }).toEqual({ ...before, images: expect.any(Array), blobs: [] });
    expect(await store.ok(['images', '-q', 'refused'])).toBe('');
  });
});
