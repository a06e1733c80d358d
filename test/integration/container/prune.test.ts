import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createContainer } from '../../../ts/container/create.ts';
import { listContainers } from '../../../ts/container/heal.ts';
import { AttachedContainer } from '../../../ts/container/launch.ts';
import type { ContainerOptions } from '../../../ts/container/options.ts';
import { pruneContainers } from '../../../ts/container/prune.ts';
import { writeState } from '../../../ts/container/record.ts';
import { removeContainer } from '../../../ts/container/remove.ts';
import { Engine } from '../../../ts/engine.ts';
import { imageFromHost } from '../../../ts/image/fromHost/build.ts';
import type { StoredImage } from '../../../ts/store/images.ts';
import { parsePruneFilters } from '../../../ts/system/pruneFilters.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

/** A process that is not there any more. */
const DEAD = { pid: 1, startTime: '0', bootId: 'of an earlier boot' };

describeWith({ root: true }, 'a prune of containers', () => {
  const folder = scratchDirectory();
  const engine = new Engine({ root: join(folder, 'root'), run: join(folder, 'run') });
  let image: StoredImage;
  let running: AttachedContainer[];
  beforeAll(async () => {
    image = await imageFromHost(engine, { programs: ['sleep'] });
  });
  beforeEach(() => {
    running = [];
  });
  afterEach(async () => {
    for (const container of running) container.kill(9);
    for (const { config } of engine.containers.list()) await removeContainer(engine, config.id, { force: true });
  });

  const create = (name: string, options: ContainerOptions = {}) =>
    createContainer(engine, { image, reference: 'localhost/host' }, { command: ['sleep', '1000'], ...options, name });

  /** A container whose starter was killed before it ran. */
  async function abandoned(name: string, options: ContainerOptions = {}) {
    const stored = await create(name, options);
    writeState(stored.folder, { status: 'created', owner: DEAD });
    return stored;
  }

  const names = async () => (await listContainers(engine)).map(({ config }) => config.name).sort();

  it('takes those that have ended or never began, and tells what the disk got back', async () => {
    const ended = await create('ended', { command: ['sleep', '0'] });
    const container = await AttachedContainer.launch(engine, ended, { stdin: 'null', stdout: 'null', stderr: 'null' });
    const exit = container.wait();
    await container.start();
    await exit;
    writeFileSync(join(ended.folder, 'upper/file'), 'x'.repeat(100_000));
    const never = await abandoned('never');
    const du = () => {
      const options = ['--summarize', '--block-size=1', '--exclude=.names', engine.paths.containers];
      return Number(execFileSync('du', options, { encoding: 'utf8' }).split('\t')[0]);
    };
    const before = du();
    const { ids, reclaimed } = await pruneContainers(engine);
    expect(ids.sort()).toEqual([ended.config.id, never.config.id].sort());
    expect(reclaimed).toBe(before - du());
    expect(reclaimed).toBeGreaterThan(100_000);
    expect([existsSync(ended.folder), existsSync(never.folder), await names()]).toEqual([false, false, []]);
  });

  it('leaves those that run and those that are being started', async () => {
    const stored = await create('busy');
    const container = await AttachedContainer.launch(engine, stored, { stdin: 'null', stdout: 'null', stderr: 'null' });
    running.push(container);
    await container.start();
    await create('starting');
    expect(await pruneContainers(engine)).toEqual({ ids: [], reclaimed: 0 });
    expect(await names()).toEqual(['busy', 'starting']);
  });

  it.each([
    [['label=role'], ['c-a', 'c-b']],
    [['label=role=front'], ['c-a']],
    [['label!=role'], ['c-c']],
    [['until=1h'], []],
    [['until=0s'], ['c-a', 'c-b', 'c-c']],
  ])('with %j takes only %j', async (filters, expected) => {
    await abandoned('c-a', { labels: { role: 'front' } });
    await abandoned('c-b', { labels: { role: 'back' } });
    await abandoned('c-c');
    const before = await names();
    await pruneContainers(engine, parsePruneFilters(filters));
    const left = await names();
    expect(before.filter((name) => !left.includes(name))).toEqual(expected);
  });
});
