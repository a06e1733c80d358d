import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Container, Engine, RcxEvent } from '../../../ts/index.ts';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({ root: true }, 'a container', () => {
  const folder = scratchDirectory();
  let engine: Engine;
  let box: Container;
  beforeAll(async () => {
    engine = await engineWithImage(folder);
    const script = 'echo begun; echo wrong >&2; mkdir /made; echo text >/made/file; while :; do sleep 0.05; done';
    const options = { name: 'box', labels: { app: 'test' }, env: ['OWN=box'], pids: 50, memory: '64m' };
    box = await engine.containers.create(IMAGE, ['sh', '-c', script], options);
    await box.start();
  });
  afterAll(async () => {
    for (const { id } of await engine.containers.list({ all: true }))
      await (await engine.containers.get(id)).remove({ force: true });
    await engine.close();
  });

  it('is found by name and id, and listed', async () => {
    expect((await engine.containers.get('box')).id).toBe(box.id);
    expect((await engine.containers.get(box.id.slice(0, 12))).id).toBe(box.id);
    expect(await engine.containers.list({ filters: ['label=app=test'] })).toMatchObject([
      { id: box.id, name: 'box', image: IMAGE, status: 'running', labels: { app: 'test' } },
    ]);
    expect(await engine.containers.list({ filters: ['label=app=other'] })).toEqual([]);
    await expect(engine.containers.get('no-such')).rejects.toMatchObject({ code: 'ERR_RCX_CONTAINER_NOT_FOUND' });
  });

  it('is described', async () => {
    const { Name, State, HostConfig } = await box.inspect();
    expect([Name, State.Running, HostConfig.Memory]).toEqual(['/box', true, 64 * 1024 ** 2]);
  });

  it('runs further programs', async () => {
    const options = { env: { MORE: '1' }, cwd: '/tmp', user: '5:6', input: 'in' };
    const script = 'echo "$OWN$MORE $(pwd) $(id -u):$(id -g)"; cat >&2; exit 4';
    const result = await box.exec(['sh', '-c', script], options);
    expect(result).toMatchObject({ exitCode: 4, stdout: 'box1 /tmp 5:6\n', stderr: 'in', timedOut: false });
    await expect(box.exec(['no-such-program'])).rejects.toMatchObject({
      code: 'ERR_RCX_EXEC_NOT_FOUND',
      exitCode: 127,
    });
    await expect(box.exec(['sleep', '60'], { timeout: 100 })).rejects.toMatchObject({ code: 'ERR_RCX_TIMEOUT' });
  });

  it('runs further programs with streams', async () => {
    const program = box.spawn(['sort']);
    program.stdin?.end('b\na\n');
    expect(await text(program.stdout as NodeJS.ReadableStream)).toBe('a\nb\n');
    expect((await program.wait()).exitCode).toBe(0);
    await using terminal = box.spawn(['sh'], { tty: true });
    terminal.resize(90, 20);
    terminal.stdin?.end('stty size; exit 3\n');
    expect(await text(terminal.stdout as NodeJS.ReadableStream)).toContain('20 90');
    expect((await terminal.wait()).exitCode).toBe(3);
  });

  it('has a log', async () => {
    const entries = [];
    for await (const { stream, bytes } of box.logs()) entries.push([stream, String(bytes)]);
    expect(entries.sort()).toEqual([
      ['stderr', 'wrong\n'],
      ['stdout', 'begun\n'],
    ]);
  });

  it('says what it uses', async () => {
    const stats = await box.stats({ interval: 50 });
    expect(stats).toMatchObject({ memoryLimit: 64 * 1024 ** 2, pids: expect.any(Number) });
    expect(stats?.memory).toBeGreaterThan(0);
  });

  it('gives and takes files', async () => {
    const [source, target] = [join(folder, 'source'), join(folder, 'target')];
    mkdirSync(join(source, 'sub'), { recursive: true });
    writeFileSync(join(source, 'sub/file'), 'mine');
    await box.copyTo(source, '/copied');
    expect((await box.exec(['cat', '/copied/sub/file'])).stdout).toBe('mine');
    await box.copyFrom('/made', target);
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('text\n');
    const archive = await buffer(box.files.getArchive('/made'));
    await box.exec(['mkdir', '/unpacked']);
    await box.files.putArchive([archive], '/unpacked');
    expect((await box.exec(['cat', '/unpacked/made/file'])).stdout).toBe('text\n');
    await expect(box.copyFrom('/no-such', target)).rejects.toMatchObject({ code: 'ERR_RCX_COPY_NOT_FOUND' });
    await expect(buffer(box.files.getArchive('/no-such'))).rejects.toMatchObject({ code: 'ERR_RCX_FILE_NOT_FOUND' });
  });

  it('says what it has changed, and becomes an image', async () => {
    expect(await box.changes()).toContainEqual({ kind: 'A', path: '/made/file' });
    const image = await box.commit({ reference: 'localhost/made:1', changes: ['CMD ["cat", "/made/file"]'] });
    expect(image.references).toEqual(['localhost/made:1']);
    expect((await engine.run('localhost/made:1')).stdout).toBe('text\n');
    expect((await engine.images.list()).map(({ id }) => id)).toContain(image.id);
    expect((await engine.images.inspect('localhost/made:1')).RootFS.Layers).toHaveLength(2);
  });

  it('is written as one archive', async () => {
    const archive = await buffer(box.export());
    const image = await engine.images.import([archive], {
      reference: 'localhost/flat',
    });
    expect((await engine.run(image.id, ['cat', '/made/file'])).stdout).toBe('text\n');
  });

  it('stands still and goes on', async () => {
    await box.pause();
    expect((await box.inspect()).State.Paused).toBe(true);
    await expect(box.exec(['true'])).rejects.toMatchObject({ code: 'ERR_RCX_CONTAINER_PAUSED' });
    await box.unpause();
    expect((await box.exec(['true'])).exitCode).toBe(0);
  });

  it('tells what happens', async () => {
    const abort = new AbortController();
    const actions: string[] = [];
    const following = (async () => {
      const events: AsyncIterable<RcxEvent> = engine.events({ filters: ['type=container'], signal: abort.signal });
      for await (const { Action } of events) {
        actions.push(Action);
        if (Action === 'destroy') break;
      }
    })();
    // It listens from now on, as soon as it has begun to.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await engine.run(IMAGE, ['true']);
    await following;
    expect(actions).toEqual(['create', 'start', 'die', 'destroy']);
    abort.abort();
  });

  it('is renamed, stopped, started again, and removed', async () => {
    await box.rename('other');
    await box.stop({ timeout: 0 });
    expect(await box.wait()).toEqual({ exitCode: 137 });
    await box.start();
    expect((await (await engine.containers.get('other')).inspect()).State.Running).toBe(true);
    await box.restart({ timeout: 0 });
    await expect(box.remove()).rejects.toMatchObject({ code: 'ERR_RCX_CONTAINER_RUNNING' });
    await box.kill();
    await box.wait();
    await box.remove();
    await expect(box.inspect()).rejects.toMatchObject({ code: 'ERR_RCX_CONTAINER_NOT_FOUND' });
  });

  it('has volumes', async () => {
    await engine.volumes.create({ name: 'data', labels: { app: 'test' } });
    await engine.run(IMAGE, ['sh', '-c', 'echo kept >/data/file'], { mounts: ['data:/data'] });
    const mount = { type: 'volume', source: 'data', target: '/data', readOnly: true } as const;
    expect((await engine.run(IMAGE, ['cat', '/data/file'], { mounts: [mount] })).stdout).toBe('kept\n');
    expect((await engine.volumes.list(['label=app=test'])).map(({ Name }) => Name)).toEqual(['data']);
    await engine.volumes.remove('data');
    await expect(engine.volumes.inspect('data')).rejects.toMatchObject({ code: 'ERR_RCX_VOLUME_NOT_FOUND' });
  });

  it('has images saved and loaded', async () => {
    const archive = await buffer(engine.images.save([IMAGE]));
    await engine.images.tag(IMAGE, 'localhost/second');
    await engine.images.remove('localhost/second');
    const loading = engine.images.load([archive]);
    expect((await loading)[0]?.references).toContain(IMAGE);
  });
});
