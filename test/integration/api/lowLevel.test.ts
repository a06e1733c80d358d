import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../../ts/index.ts';
import {
  CopyReader,
  defaultSpec,
  LayerSink,
  launch,
  readCgroup,
  removeCgroup,
  UnionTree,
  updateCgroup,
  waitForProcess,
  withRoot,
} from '../../../ts/lowLevel/index.ts';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({ root: true }, 'rcx/native', () => {
  const folder = scratchDirectory();
  let engine: Engine;
  let layer: string;
  beforeAll(async () => {
    engine = await engineWithImage(folder);
    layer = (await engine.images.inspect(IMAGE)).GraphDriver.Data.UpperDir as string;
    for (const name of ['mounted', 'upper', 'work', 'second']) mkdirSync(join(folder, name));
  });

  const PIPES = { stdin: 'null', stdout: 'pipe', stderr: 'pipe' } as const;

  it('launches a program in a root of the caller’s', async () => {
    const spec = defaultSpec(layer, ['sh', '-c', 'echo "$(pwd) $(id -u) $X"; exit 3']);
    spec.process.env.push('X=1');
    const container = await launch({ spec }, PIPES);
    const { stdout = -1 } = container.takePipes();
    await container.start();
    expect(await text(new Socket({ fd: stdout }))).toBe('/ 0 1\n');
    expect(await container.wait()).toMatchObject({ code: 3, oomKilled: false });
    expect(container.trace).toEqual([]);
  });

  it('makes one root of several directories, and changes the upper one alone', async () => {
    const before = readFileSync(join(layer, 'etc/passwd'));
    const layers = { lower: [layer], upper: join(folder, 'upper'), work: join(folder, 'work') };
    const spec = defaultSpec(join(folder, 'mounted'), ['sh', '-c', 'echo new >/etc/passwd; echo x >/file']);
    const container = await launch({ spec, layers });
    await container.start();
    expect(await container.wait()).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'upper/file'), 'utf8')).toBe('x\n');
    expect(readFileSync(join(layer, 'etc/passwd'))).toEqual(before);
    expect(UnionTree.open([join(folder, 'upper'), layer]).find('etc/passwd')?.size).toBe(4);
  });

  it('shows such a root without running anything', async () => {
    const layers = { lower: [join(folder, 'second'), layer] };
    await withRoot({ spec: defaultSpec(join(folder, 'mounted'), ['/']), layers }, async (root) => {
      expect(root.names('/')).toContain('etc');
      const reader = CopyReader.open(root, '/etc/passwd', false);
      expect(reader.next()?.kind).toBe('file');
      const buffer = Buffer.alloc(5);
      reader.read(buffer);
      expect(String(buffer)).toBe('root:');
      reader.close();
    });
  });

  it('reads and changes a cgroup', async () => {
    const spec = defaultSpec(layer, ['sleep', '60']);
    spec.linux.cgroupsPath = '/rcx/low-level-test';
    spec.linux.resources.pids = { limit: 20 };
    spec.linux.resources.memory = { limit: 64 * 1024 ** 2 };
    const container = await launch({ spec });
    await container.start();
    expect(readCgroup('/rcx/low-level-test')).toMatchObject({ memoryLimit: 64 * 1024 ** 2 });
    updateCgroup('/rcx/low-level-test', { memory: { limit: 32 * 1024 ** 2 } });
    expect(readCgroup('/rcx/low-level-test').memoryLimit).toBe(32 * 1024 ** 2);
    removeCgroup('/rcx/low-level-test');
    expect(await container.wait()).toMatchObject({ signal: 9 });
  });

  it('writes a layer, wherever its names lead', async () => {
    const sink = LayerSink.open(join(folder, 'second'), { privileged: true, ownership: 'given', userxattr: false });
    const metadata = { mode: 0o644, uid: 1, gid: 2, mtime: 0, mtimeNsec: 0 };
    sink.symlink('out', folder, metadata);
    // Its own root is where an absolute link begins.
    expect(() => sink.file('out/escaped', metadata, Buffer.from('x'))).not.toThrow(/permission/);
    sink.file('file', metadata, Buffer.from('x'));
    sink.finish();
    expect(readFileSync(join(folder, 'second/file'), 'utf8')).toBe('x');
    expect(existsSync(join(folder, 'escaped'))).toBe(false);
  });

  it('waits for a process of any parent', async () => {
    const child = spawn('sleep', ['0.2']);
    await waitForProcess(child.pid as number);
    expect(() => waitForProcess(2 ** 22 + 1)).toThrow(expect.objectContaining({ code: 'ERR_RCX_NO_SUCH_PROCESS' }));
  });

  it('tells how long each part of a launch took', async () => {
    const container = await launch({ spec: defaultSpec(layer, ['true']), trace: true });
    await container.start();
    await container.wait();
    const parts = container.trace.map(({ what }) => what);
    expect(parts[1]).toBe('clone a process into its namespaces');
    expect(parts.slice(-4)).toEqual([
      ...['execute rcx-init', 'get rcx-init ready', 'wait to be started', 'confine the program and execute it'],
    ]);
    expect(container.trace.find(({ object }) => object === 'proc on /proc')?.duration).toBeGreaterThan(0);
  });

  it('tells what is wrong with a plan', async () => {
    const spec = defaultSpec('/no/such/root', ['true']);
    await expect(launch({ spec })).rejects.toMatchObject({ name: 'RcxError', errno: 'ENOENT', path: '/no/such/root' });
    await expect(launch({ spec: { ...spec, process: 5 } as never })).rejects.toMatchObject({
      code: 'ERR_RCX_INVALID_SPEC',
    });
  });
});
