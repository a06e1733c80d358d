import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createContainer } from '../../ts/container/create.ts';
import { pruneContainers } from '../../ts/container/prune.ts';
import { writeState } from '../../ts/container/record.ts';
import { Engine } from '../../ts/engine.ts';
import { pruneImages } from '../../ts/image/prune.ts';
import { pull } from '../../ts/image/pull.ts';
import { native } from '../../ts/native/index.ts';
import { parseReference } from '../../ts/oci/reference.ts';
import { type CheckReport, checkStore } from '../../ts/system/check.ts';
import { chance } from '../support/chance.ts';
import { newStore, type Store } from '../support/cli.ts';
import { publishSmall } from '../support/smallImage.ts';
import { wreckage } from '../support/wreckage.ts';

/** The same moments at every run, as far as a machine can repeat them. */
const SEED = 20_240_229;
const IMAGE = 'killed:one';

/** Memory, where there is such a file system: it is processes that die here, and not disks, which would take most of the time. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let store: Store;
beforeAll(async () => {
  store = await newStore({ root: mkdtempSync(join(PLACE, 'rcx-killed-')) });
  // Many files, so that there is a middle to be killed in.
  await publishSmall('killed', 'one', 'killed', 500);
  await pullImage();
  mkdirSync(many());
  for (let i = 0; i < 1000; i++) writeFileSync(join(many(), String(i)), String(i));
  await store.ok(['save', '-o', archive(), '--format', 'docker-archive', IMAGE]);
});
afterAll(async () => {
  await store.close();
  await native().removeTree(store.root);
});

/** A new one each time, as a process of its own would have. */
function engine(): Engine {
  const mirrors = [`http://${inject('e2e').registry}`];
  const config = { registries: { 'docker.io': { mirrors } }, defaultNetwork: 'none' } as const;
  return new Engine({ root: store.root, run: store.env.RCX_RUN, config, env: { HOME: store.folder } });
}

const archive = () => join(store.folder, 'killed.tar');
const many = () => join(store.folder, 'many');
const hasImage = () => engine().images.has(IMAGE);
const check = (): Promise<CheckReport> => checkStore(engine());

async function pullImage(): Promise<void> {
  const own = engine();
  await pull({ paths: own.paths, registry: await own.registry() }, parseReference(IMAGE));
  await own.close();
}

async function removeAll(): Promise<void> {
  await pruneContainers(engine());
  await pruneImages(engine(), { all: true });
}

/** A container that has ended, after it wrote many files. */
async function addContainer(name?: string): Promise<void> {
  await pullImage();
  const own = engine();
  const image = own.images.find(IMAGE);
  const { folder } = await createContainer(own, { image, reference: IMAGE }, { command: ['x'], name });
  for (let i = 0; i < 1000; i++) writeFileSync(join(folder, 'upper', String(i)), String(i));
  writeState(folder, { status: 'exited', owner: { pid: 1, startTime: '', bootId: '' }, exitCode: 0 });
}

/** A command that is killed again and again. */
interface Victim {
  args(round: number): string[];
  kills: number;
  /** What it changes, it changes in the store; the default. */
  isLocal?: boolean;
  /** Brings the store into the state that the command changes. */
  prepare(round: number): Promise<void>;
  /** Runs the command once more and sees what it should have done. */
  again(round: number): Promise<void>;
}

const VICTIMS: Record<string, Victim> = {
  pull: {
    args: () => ['pull', '-q', IMAGE],
    kills: 40,
    prepare: removeAll,
    again: async () => {
      expect(await store.ok(['pull', '-q', IMAGE])).toBe('docker.io/library/killed:one\n');
      expect(await check()).toMatchObject({ blobs: 5, layers: 3, images: 1 });
    },
  },
  rmi: {
    args: () => ['rmi', IMAGE],
    kills: 30,
    prepare: pullImage,
    again: async () => {
      const isThere = hasImage();
      const { exitCode, stderr } = await store.rcx(['rmi', IMAGE]);
      // Its name goes first: then it was done, but for what a prune finds.
      if (!isThere) expect(stderr).toMatch(/no such image/);
      expect([exitCode, hasImage()]).toEqual([isThere ? 0 : 1, false]);
      await pruneImages(engine());
      expect(await check()).toMatchObject({ blobs: 0, layers: 0, images: 0, leftovers: noContent() });
    },
  },
  'container prune': {
    args: () => ['container', 'prune', '-f'],
    kills: 20,
    prepare: () => addContainer(),
    again: async () => {
      expect(await store.ok(['container', 'prune', '-f'])).toMatch(/Total reclaimed space: /);
      expect(await check()).toMatchObject({ containers: 0 });
      expect(await store.ok(['ps', '-aq'])).toBe('');
    },
  },
  commit: {
    args: () => ['commit', 'box', 'killed-copy:one'],
    kills: 20,
    prepare: async () => {
      if (engine().containers.list().length === 0) await addContainer('box');
      await pruneImages(engine(), { all: true });
    },
    again: async () => {
      const id = (await store.ok(['commit', 'box', 'killed-copy:one'])).trimEnd();
      expect(engine().images.find('killed-copy:one')).toMatchObject({ id, diffIds: { length: 4 } });
    },
  },
  cp: {
    args: () => ['cp', many(), 'box:/'],
    kills: 20,
    isLocal: false,
    prepare: async () => {
      if (engine().containers.list().length === 0) await addContainer('box');
    },
    again: async () => {
      await store.ok(['cp', many(), 'box:/']);
      const changes = (await store.ok(['diff', 'box'])).split('\n').filter((line) => line.startsWith('A /many/'));
      expect(changes).toHaveLength(1000);
    },
  },
  load: {
    args: () => ['load', '-q', '-i', archive()],
    kills: 20,
    prepare: removeAll,
    again: async () => {
      expect(await store.ok(['load', '-q', '-i', archive()])).toBe(`Loaded image: ${IMAGE}\n`);
      expect(hasImage()).toBe(true);
    },
  },
  // Each time to another repository, so that there is something to send.
  push: {
    args: (round) => ['push', '-q', pushed(round)],
    kills: 20,
    isLocal: false,
    prepare: async (round) => {
      await removeAll();
      await store.ok(['load', '-q', '-i', archive()]);
      await engine().images.tag(IMAGE, parseReference(pushed(round)));
    },
    again: async (round) => {
      expect(await store.ok(['push', '-q', pushed(round)])).toBe(`${pushed(round)}\n`);
      await removeAll();
      await store.ok(['pull', '-q', pushed(round)]);
    },
  },
  'image prune': {
    args: () => ['image', 'prune', '-a', '-f'],
    kills: 30,
    prepare: pullImage,
    again: async () => {
      expect(await store.ok(['image', 'prune', '-a', '-f'])).toMatch(/Total reclaimed space: /);
      expect(await check()).toMatchObject({ blobs: 0, layers: 0, images: 0, leftovers: noContent() });
    },
  },
};

/** A name in the registry that nobody has pushed to yet. */
function pushed(round: number): string {
  return `${inject('e2e').registry}/killed/round${round}:one`;
}

/** Nothing is left over of this store; cgroups are the machine's. */
function noContent() {
  return expect.not.arrayContaining([expect.objectContaining({ kind: 'content' })]);
}

/** Milliseconds that the fastest of a few undisturbed runs takes. */
async function timeOf({ args, prepare }: Pick<Victim, 'args' | 'prepare'>): Promise<number> {
  const times: number[] = [];
  // Rounds of their own, in which nothing is killed.
  for (const round of [1001, 1002, 1003]) {
    await prepare(round);
    const begin = performance.now();
    await store.ok(args(round));
    times.push(performance.now() - begin);
  }
  return Math.min(...times);
}

/** @returns whether it was killed before its end */
async function killAfter(args: string[], delay: number): Promise<boolean> {
  const running = store.start(args);
  await sleep(delay);
  running.kill('SIGKILL');
  return (await running).signal === 'SIGKILL';
}

describe('kill -9 at any moment', () => {
  it.each(Object.entries(VICTIMS))(
    'of %s leaves a store that is whole, and does not keep it from being done',
    async (_, victim) => {
      const random = chance(SEED);
      // In its first part every command only starts.
      const start = 0.8 * (await timeOf({ args: () => ['images', '-q'], prepare: async () => undefined }));
      const duration = await timeOf(victim);
      const moment = () => start + (duration - start) * random();
      let [kills, halfway] = [0, 0];
      // Kills that all came too early or too late have shown nothing: then there are more.
      const isEnough = () => kills >= victim.kills && (halfway > 0 || !(victim.isLocal ?? true));
      for (let round = 0; !isEnough(); round++) {
        expect(round, 'rounds in which it was faster than its killer').toBeLessThan(victim.kills * 6);
        await victim.prepare(round);
        if (!(await killAfter(victim.args(round), moment()))) continue;
        kills++;
        const { problems, leftovers } = await check();
        expect(problems).toEqual([]);
        if (leftovers.some(({ kind }) => kind === 'temporary' || kind === 'content')) halfway++;
        // Every third time it is killed twice.
        if (kills % 3 === 0 && kills < victim.kills && (await killAfter(victim.args(round), moment()))) {
          kills++;
          expect((await check()).problems).toEqual([]);
        }
        await victim.again(round);
      }
      if (victim.isLocal ?? true) expect(halfway, 'kills that left something half done').toBeGreaterThan(0);
      await store.ok(['image', 'prune', '-f']);
      expect(wreckage(store.root)).toEqual([]);
      expect(await store.ok(['system', 'check', '--deep'])).toMatch(/: ok\n$/);
    },
  );
});
