import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContainer } from '../../ts/container/create.ts';
import { ExecProcess } from '../../ts/container/exec.ts';
import { listContainers } from '../../ts/container/heal.ts';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { removeContainer } from '../../ts/container/remove.ts';
import { startDetached } from '../../ts/container/start.ts';
import { stopContainer } from '../../ts/container/stop.ts';
import { Engine } from '../../ts/engine.ts';
import { cgroupsOf, membersOf } from '../support/cgroups.ts';
import { newStore, type Store } from '../support/cli.ts';
import { takeStock } from '../support/leaks.ts';
import { descriptorsOf, removeAll, stateOf } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';

const CYCLES = 500;
const EXECS = 1000;
const AT_ONCE = 8;

let store: Store;
let engine: Engine;
const ids: string[] = [];
beforeAll(async () => {
  store = await newStore({ images: true });
  // In this process: five hundred times five starts of Node would be a test of Node.
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

/** What containers can be made with that leaves something on the host while they run. */
const KINDS: ContainerOptions[] = [
  { stopSignal: 'KILL' },
  { command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.01; done'] },
  { stopTimeout: 0, tty: true },
  { stopSignal: 'KILL', memory: 64 * 1024 * 1024, init: true },
  { stopSignal: 'KILL', openStdin: true, mounts: [{ type: 'tmpfs', target: '/run', options: [] }] },
];

/** The life of a container, from its making to its removal. */
async function cycle(number: number): Promise<void> {
  const image = engine.images.find('ubuntu');
  const options = { command: ['sleep', '300'], name: `soak-${number % AT_ONCE}`, ...KINDS[number % KINDS.length] };
  const stored = await createContainer(engine, { image, reference: 'ubuntu' }, options);
  const { id } = stored.config;
  ids.push(id);
  await startDetached(engine, stored);
  expect(await execute(id, ['true'])).toBe(0);
  await stopContainer(engine, id);
  await removeContainer(engine, id);
}

async function execute(id: string, command: string[], tty = false): Promise<number> {
  const stdio = { stdin: 'null', stdout: 'null', stderr: 'null' } as const;
  const program = await ExecProcess.prepare(engine, id, { command, tty }, stdio);
  await program.start();
  return (await program.wait()).exitCode;
}

/** Does something so often, some at a time: the same number never twice at once. */
async function parallel(count: number, body: (number: number) => Promise<unknown>): Promise<void> {
  const worker = async (first: number) => {
    for (let number = first; number < count; number += AT_ONCE) await body(number);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => worker(first)));
}

const stock = () => takeStock([join(store.root, 'containers'), store.env.RCX_RUN ?? ''], ids);

describe('a host', () => {
  it(`is after ${CYCLES} containers as it was before`, { timeout: 240_000 }, async () => {
    // What is made once and kept: threads, the folder of containers, the log of events.
    await parallel(2 * AT_ONCE, cycle);
    await waitUntil(() => stock().processes.length === 0);
    const before = stock();
    await parallel(CYCLES, cycle);
    // A monitor's last breath comes after its last word.
    await waitUntil(() => stock().processes.length === 0);
    expect(stock()).toEqual(before);
    expect(await listContainers(engine)).toEqual([]);
    expect(before).toMatchObject({ mounts: [], cgroups: [], processes: [], zombies: 0 });
  });
});

describe('a container', () => {
  it(`is after ${EXECS} execs as it was before`, { timeout: 240_000 }, async () => {
    const image = engine.images.find('ubuntu');
    const stored = await createContainer(engine, { image, reference: 'ubuntu' }, { command: ['sleep', '300'] });
    const { id } = stored.config;
    ids.push(id);
    await startDetached(engine, stored);
    const monitor = stateOf(store, id).owner.pid;
    const count = () => ({
      ...stock(),
      monitor: descriptorsOf(monitor),
      memory: privateKilobytes(monitor) < 920,
      members: cgroupsOf(id).map((cgroup) => membersOf(cgroup).length),
      terminals: readdirSync(`/proc/${stateOf(store, id).process?.pid}/root/dev/pts`).length,
    });
    const executeOne = (number: number) => execute(id, ['true'], number % 4 === 0);
    await parallel(2 * AT_ONCE, executeOne);
    await waitUntil(() => count().members.every((members) => members === 1));
    const before = count();
    await parallel(EXECS, executeOne);
    await waitUntil(() => count().members.every((members) => members === 1));
    expect(count()).toEqual(before);
    expect(before.memory, 'less than 0.9 MB of the monitor’s own').toBe(true);
    await removeContainer(engine, id, { force: true });
  });
});

/** Memory that is a process' alone; what it has of its program's file is everybody's. */
function privateKilobytes(pid: number): number {
  const [, size] = /^Private_Dirty:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(size);
}
