import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createContainer } from '../../../ts/container/create.ts';
import { findContainer, listContainers } from '../../../ts/container/heal.ts';
import { AttachedContainer } from '../../../ts/container/launch.ts';
import { identify, isAlive } from '../../../ts/container/liveness.ts';
import type { ContainerOptions } from '../../../ts/container/options.ts';
import { writeState } from '../../../ts/container/record.ts';
import { removeContainer } from '../../../ts/container/remove.ts';
import { Engine } from '../../../ts/engine.ts';
import { imageFromHost } from '../../../ts/image/fromHost/build.ts';
import type { StoredImage } from '../../../ts/store/images.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({ root: true }, 'removeContainer', () => {
  const folder = scratchDirectory();
  const engine = new Engine({ root: join(folder, 'root'), run: join(folder, 'run') });
  let image: StoredImage;
  let running: AttachedContainer[];
  beforeAll(async () => {
    image = await imageFromHost(engine, { programs: ['sh', 'sleep', 'true'] });
  });
  beforeEach(() => {
    running = [];
  });
  afterEach(async () => {
    for (const container of running) container.kill(9);
    for (const { config } of engine.containers.list()) await removeContainer(engine, config.id, { force: true });
    for (const id of engine.containers.damaged()) await engine.containers.removeDamaged(id);
  });

  const create = (options: ContainerOptions) =>
    createContainer(engine, { image, reference: 'localhost/host' }, { network: 'none', ...options });

  /** A container of this process that runs `command`. */
  async function start(name: string, command: string[], options: ContainerOptions = {}) {
    const stored = await create({ name, command, ...options });
    const container = await AttachedContainer.launch(engine, stored, { stdin: 'null', stdout: 'null', stderr: 'null' });
    const exit = container.wait();
    await container.start();
    running.push(container);
    return { stored, exit };
  }

  it('removes one that has ended, by the start of its id, with everything it wrote', async () => {
    const { stored, exit } = await start('ended', ['sh', '-c', 'echo data > /file']);
    await exit;
    expect(existsSync(join(stored.folder, 'upper/file'))).toBe(true);
    await removeContainer(engine, stored.config.id.slice(0, 8));
    expect(existsSync(stored.folder)).toBe(false);
    expect(readdirSync(engine.paths.containers)).toEqual(['.names']);
    // Its name is free again.
    expect((await create({ name: 'ended', command: ['true'] })).config.name).toBe('ended');
  });

  it('leaves one that runs alone unless it is forced to', async () => {
    const { stored, exit } = await start('busy', ['sleep', '1000']);
    await expect(removeContainer(engine, 'busy')).rejects.toMatchObject({
      code: 'ERR_RCX_CONTAINER_RUNNING',
      hint: expect.stringContaining('rcx rm -f busy'),
    });
    const { state } = await findContainer(engine, 'busy');
    if (state.process === undefined) throw new Error('it does not run');
    await removeContainer(engine, 'busy', { force: true });
    expect(isAlive(state.process)).toBe(false);
    expect(existsSync(stored.folder)).toBe(false);
    expect(await exit).toEqual({ exitCode: 137, signal: 9, oomKilled: false });
  });

  it('can be asked to remove one that removes itself', async () => {
    const { stored, exit } = await start('self', ['sleep', '1000'], { autoRemove: true });
    await removeContainer(engine, 'self', { force: true });
    await exit;
    expect(existsSync(stored.folder)).toBe(false);
  });

  it('can be asked twice at the same time', async () => {
    await start('twice', ['sleep', '1000']);
    const results = await Promise.allSettled([
      removeContainer(engine, 'twice', { force: true }),
      removeContainer(engine, 'twice', { force: true }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(await listContainers(engine)).toEqual([]);
  });

  it('never kills a process that only has the pid of the container’s', async () => {
    const stored = await create({ name: 'old', command: ['true'] });
    const self = identify(process.pid);
    if (self === undefined) throw new Error('this process was not found');
    const dead = { ...self, startTime: '1' };
    writeState(stored.folder, { status: 'running', process: dead, owner: dead });
    await removeContainer(engine, 'old', { force: true });
    expect(existsSync(stored.folder)).toBe(false);
  });

  it('takes one whose starter was killed for ended', async () => {
    const stored = await create({ name: 'orphan', command: ['true'] });
    const dead = { pid: 1, startTime: '0', bootId: 'another boot' };
    writeState(stored.folder, { status: 'running', process: dead, owner: dead });
    const [listed] = await listContainers(engine);
    expect(listed?.state).toMatchObject({ status: 'exited', finishedAt: expect.any(String) });
    expect(listed?.state).not.toHaveProperty('exitCode');
    await removeContainer(engine, 'orphan');
    expect(existsSync(stored.folder)).toBe(false);
  });

  it('removes what cannot be read only by force', async () => {
    const stored = await create({ name: 'broken', command: ['true'] });
    writeFileSync(join(stored.folder, 'config.json'), '{"id":');
    expect(engine.containers.damaged()).toEqual([stored.config.id]);
    await expect(removeContainer(engine, 'broken')).rejects.toMatchObject({ code: 'ERR_RCX_CONTAINER_DAMAGED' });
    await removeContainer(engine, 'broken', { force: true });
    expect(readdirSync(engine.paths.containers)).toEqual(['.names']);
    expect(readdirSync(join(engine.paths.containers, '.names'))).toEqual([]);
  });

  it.each(['nobody', '', '..', 'a/b', 'f'.repeat(64)])('knows no container %j', async (text) => {
    await expect(removeContainer(engine, text, { force: true })).rejects.toMatchObject({
      code: 'ERR_RCX_CONTAINER_NOT_FOUND',
    });
  });
});
