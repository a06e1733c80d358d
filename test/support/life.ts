import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ContainerState } from '../../ts/container/record.ts';
import { cgroupsOf } from './cgroups.ts';
import type { Store } from './cli.ts';
import { processesUsing, waitUntil } from './processes.ts';

/** A program that says it is there, and ends when it is asked to. */
export const OBEYS = 'trap "exit 0" TERM INT; echo ready; while :; do sleep 0.05; done';
/** One that ends only when it is killed. */
export const STUBBORN = 'trap "echo ignored" TERM INT; echo ready; while :; do sleep 0.05; done';

/** Starts a container of Debian in the background with `sh -c script`; returns its id. */
export async function detached(store: Store, flags: string[], script = OBEYS): Promise<string> {
  return (await store.ok(['run', '-d', ...flags, 'ubuntu', 'sh', '-c', script])).trimEnd();
}

/** The same, and its program has said `ready`. */
export async function ready(store: Store, flags: string[], script = OBEYS): Promise<string> {
  const id = await detached(store, flags, script);
  await logged(store, id, /^ready$/m);
  return id;
}

/** Waits until a container's log matches; returns it, errors too. */
export async function logged(store: Store, name: string, pattern: RegExp): Promise<string> {
  let text = '';
  await waitUntil(
    async () => {
      const { stdout, stderr } = await store.rcx(['logs', name]);
      text = stdout + stderr;
      return pattern.test(text);
    },
    { timeout: 30_000, what: `the log of ${name} to match ${pattern}` },
  );
  return text;
}

/** Waits until a command has written something that matches. */
export function written(running: Pick<ReturnType<Store['start']>, 'stdout' | 'on'>, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    running.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      if (pattern.test(text)) resolve(text);
    });
    running.on('exit', () => reject(new Error(`it ended before it wrote ${pattern}: ${text}`)));
  });
}

/** What is on record of a container, by its full id. */
export function stateOf(store: Store, id: string): ContainerState {
  return JSON.parse(readFileSync(join(store.root, 'containers', id, 'state.json'), 'utf8'));
}

/** Waits until a container's record says so. */
export async function becomes(store: Store, id: string, status: ContainerState['status']): Promise<ContainerState> {
  await waitUntil(() => stateOf(store, id).status === status, { timeout: 30_000, what: `${id} to be ${status}` });
  return stateOf(store, id);
}

/** Waits for a container's end and returns its exit code. */
export async function endOf(store: Store, name: string): Promise<number> {
  return Number(await store.ok(['wait', name]));
}

/** Removes all containers of a store. */
export async function removeAll(store: Store): Promise<void> {
  const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await store.ok(['rm', '-f', ...ids]);
}

/** Asserts that nothing is left of a container: no process, no cgroup, no socket; nor, if it is `gone`, its folder. */
export async function expectNothingLeft(store: Store, id: string, { gone = false } = {}): Promise<void> {
  await waitUntil(() => processesUsing(id).length === 0, { what: `the processes of ${id} to end` });
  const folder = join(store.root, 'containers', id);
  const run = join(store.env.RCX_RUN ?? '', id);
  expect({ cgroups: cgroupsOf(id), folder: existsSync(folder) && gone, run: existsSync(run) }).toEqual({
    cgroups: [],
    folder: false,
    run: false,
  });
}

/** Descriptors that a process has open. */
export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
