import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContainer } from '../../ts/container/create.ts';
import { listContainers } from '../../ts/container/heal.ts';
import { isAlive } from '../../ts/container/liveness.ts';
import { removeContainer } from '../../ts/container/remove.ts';
import { startContainer } from '../../ts/container/start.ts';
import { Engine } from '../../ts/engine.ts';
import { chance } from '../support/chance.ts';
import { newStore, type Store } from '../support/cli.ts';
import { takeStock } from '../support/leaks.ts';
import { removeAll } from '../support/life.ts';
import { processesUsing, waitUntil } from '../support/processes.ts';

/** The same moments at every run, as far as a machine can repeat them. */
const SEED = 20_240_301;
const KILLS = 200;
const NAME = 'killed';
/** Whoever made it is not going to start it. */
const WAITS = { willStart: false };
const PROGRAM = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.01; done'];

let store: Store;
let engine: Engine;
const ids = new Set<string>();
beforeAll(async () => {
  store = await newStore({ images: true });
  engine = new Engine({
    root: store.root,
    run: store.env.RCX_RUN,
    config: { registries: {}, defaultNetwork: 'none' },
    env: store.env,
  });
});
afterAll(async () => {
  await engine.close();
  await removeAll(store);
  await store.close();
});

/** A command, and the state of the container that it finds. */
const VICTIMS: { args: string[]; finds: 'nothing' | 'created' | 'running' }[] = [
  { args: ['create', '--name', NAME, 'ubuntu', ...PROGRAM], finds: 'nothing' },
  { args: ['run', '-d', '--name', NAME, 'ubuntu', ...PROGRAM], finds: 'nothing' },
  { args: ['run', '--rm', '--name', NAME, 'ubuntu', 'sleep', '0.05'], finds: 'nothing' },
  { args: ['start', NAME], finds: 'created' },
  { args: ['start', '-a', NAME], finds: 'created' },
  { args: ['exec', NAME, 'sleep', '0.05'], finds: 'running' },
  { args: ['stop', NAME], finds: 'running' },
  { args: ['restart', NAME], finds: 'running' },
  { args: ['rm', '-f', NAME], finds: 'running' },
  { args: ['rm', NAME], finds: 'created' },
];

async function prepare(finds: 'nothing' | 'created' | 'running'): Promise<void> {
  if (finds === 'nothing') return;
  const image = engine.images.find('ubuntu');
  await createContainer(engine, { image, reference: 'ubuntu' }, { name: NAME, command: PROGRAM }, WAITS);
  if (finds === 'running') await startContainer(engine, NAME);
}

/** The monitors of this store. */
function monitors(): number[] {
  return processesUsing(store.root)
    .filter(({ command }) => /^rcx-monitor /.test(command))
    .map(({ pid }) => pid);
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** @returns what was killed */
async function killAt(
  args: string[],
  delay: number,
  target: 'rcx' | 'monitor',
): Promise<'rcx' | 'monitor' | undefined> {
  const running = store.start(args);
  await sleep(delay);
  const [monitor] = target === 'monitor' ? monitors() : [];
  if (monitor !== undefined) killNow(monitor);
  else if (running.exitCode === null) running.kill('SIGKILL');
  // A monitor's death ends whatever waits for it; what waits for the container itself is ended here.
  const late = setTimeout(() => running.kill('SIGKILL'), 500);
  const { signal } = await running;
  clearTimeout(late);
  if (monitor !== undefined) return 'monitor';
  return signal === 'SIGKILL' ? 'rcx' : undefined;
}

/** What is listed as running runs, nothing else does, and no monitor is without a container. */
async function expectTruth(moment: string): Promise<void> {
  // What was on its way when rcx was killed goes on.
  await waitUntil(async () => (await untrue()).length === 0, {
    timeout: 20_000,
    what: `the truth, after ${moment}`,
  }).catch(async () => expect(await untrue(), moment).toEqual([]));
  expect(engine.containers.damaged(), moment).toEqual([]);
}

async function untrue(): Promise<unknown[]> {
  const listed = await listContainers(engine);
  for (const { config } of listed) ids.add(config.id);
  const wrong = listed.filter(({ state }) => {
    const lives = state.process !== undefined && isAlive(state.process);
    return state.status === 'running' ? !lives : state.process !== undefined;
  });
  const running = listed.filter(({ state }) => state.status === 'running').map(({ config }) => config.id);
  const idle = processesUsing(store.root).filter(
    ({ command }) => command.startsWith('rcx-monitor') && !running.some((id) => command.includes(id)),
  );
  return [...wrong, ...idle];
}

/** The name is free, or its container can be removed; nothing is left then. */
async function clear(moment: string): Promise<void> {
  for (const { config } of await listContainers(engine)) await removeContainer(engine, config.id, { force: true });
  const image = engine.images.find('ubuntu');
  const again = await createContainer(engine, { image, reference: 'ubuntu' }, { name: NAME, command: ['true'] }, WAITS);
  ids.add(again.config.id);
  await removeContainer(engine, NAME);
  await waitUntil(() => processesUsing(store.root).length === 0, { what: `all processes to end after ${moment}` });
  await listContainers(engine);
  const { mounts, cgroups } = takeStock([store.root], [...ids]);
  const containers = readdirSync(join(store.root, 'containers'), { recursive: true });
  const run = readdirSync(store.env.RCX_RUN ?? '').filter((name) => name !== 'events');
  expect({ mounts, cgroups, containers, run }, moment).toEqual({
    mounts: [],
    cgroups: [],
    containers: ['.names'],
    run: [],
  });
}

describe('kill -9 of rcx or a monitor', () => {
  it(`at ${KILLS} moments leaves nothing stuck, untrue or behind`, { timeout: 600_000 }, async () => {
    const random = chance(SEED);
    await store.ok(['run', '--rm', 'ubuntu', 'true']);
    const begin = performance.now();
    await store.ok(['ps', '-q']);
    // In its first part every command only starts; the longest are over after two more of it.
    const start = performance.now() - begin;
    const kills = { rcx: 0, monitor: 0 };
    for (let round = 0; kills.rcx + kills.monitor < KILLS; round++) {
      expect(round, 'rounds in which nothing was killed').toBeLessThan(KILLS * 4);
      const victim = VICTIMS[round % VICTIMS.length];
      if (victim === undefined) throw new Error('no victim');
      await prepare(victim.finds);
      const target = random() < 0.5 ? 'rcx' : 'monitor';
      const delay = start * (0.6 + 1.2 * random());
      const killed = await killAt(victim.args, delay, target);
      if (killed !== undefined) kills[killed]++;
      const moment = `${killed} of ${victim.args.join(' ')} was killed after ${Math.round(delay)} ms`;
      await expectTruth(moment);
      await clear(moment);
    }
    expect(Math.min(kills.rcx, kills.monitor)).toBeGreaterThan(KILLS / 8);
  });
});
