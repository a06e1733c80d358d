import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../ts/engine.ts';
import { native } from '../../ts/native/index.ts';
import { checkStore } from '../../ts/system/check.ts';
import { chance } from '../support/chance.ts';
import { newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';
import { publishSmall } from '../support/smallImage.ts';
import { wreckage } from '../support/wreckage.ts';

/** The same moments at every run, as far as a machine can repeat them. */
const SEED = 30_465;
const IMAGE = 'killed:volumes';
/** So many in each directory of the image, so that there is a middle of a copy to be killed in. */
const FILES = 800;
const KILLS = 15;
/** Memory, where there is such a file system: it is processes that die here, and not disks. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let store: Store;
beforeAll(async () => {
  store = await newStore({ root: mkdtempSync(join(PLACE, 'rcx-killed-')) });
  await publishSmall('killed', 'volumes', 'volumes', FILES);
  await store.ok(['pull', '-q', IMAGE]);
});
afterAll(async () => {
  await store.close();
  await native().removeTree(store.root);
});

const engine = () =>
  new Engine({
    root: store.root,
    run: store.env.RCX_RUN,
    env: { HOME: store.folder, RCX_CONFIG: store.env.RCX_CONFIG },
  });
const data = (name: string) => join(store.root, 'volumes', name, '_data');
const clear = async () => {
  const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await store.ok(['rm', '-f', ...ids]);
  await store.ok(['volume', 'prune', '-af']);
};

interface Victim {
  args: string[];
  prepare(): Promise<unknown>;
  /** Does it once more, and sees what it should have done. */
  again(): Promise<void>;
}

const VICTIMS: Record<string, Victim> = {
  'create with a volume to fill': {
    args: ['create', '-v', 'filled:/base', IMAGE, 'x'],
    prepare: clear,
    again: async () => {
      await store.ok(['create', '-v', 'filled:/base', IMAGE, 'x']);
      expect(readdirSync(data('filled'))).toHaveLength(FILES);
    },
  },
  'volume create': {
    args: ['volume', 'create', 'made'],
    prepare: clear,
    again: async () => {
      expect(await store.ok(['volume', 'create', 'made'])).toBe('made\n');
      expect(readdirSync(data('made'))).toEqual([]);
    },
  },
  'volume rm': {
    args: ['volume', 'rm', 'gone'],
    prepare: async () => {
      await clear();
      await store.ok(['rm', (await store.ok(['create', '-v', 'gone:/base', IMAGE, 'x'])).trimEnd()]);
    },
    again: async () => {
      await store.ok(['volume', 'rm', '-f', 'gone']);
      expect(await store.ok(['volume', 'ls', '-q'])).toBe('');
    },
  },
  'volume prune': {
    args: ['volume', 'prune', '-af'],
    prepare: async () => {
      await clear();
      await store.ok(['rm', (await store.ok(['create', '-v', 'p1:/base', '-v', '/top', IMAGE, 'x'])).trimEnd()]);
    },
    again: async () => {
      await store.ok(['volume', 'prune', '-af']);
      expect(await store.ok(['volume', 'ls', '-q'])).toBe('');
    },
  },
};

async function timeOf({ args, prepare }: Victim): Promise<number> {
  await prepare();
  const begin = performance.now();
  await store.ok(args);
  return performance.now() - begin;
}

describe('kill -9 at any moment', () => {
  it.each(Object.entries(VICTIMS))('of %s leaves nothing that looks whole and is not', async (_, victim) => {
    const random = chance(SEED);
    const duration = await timeOf(victim);
    let kills = 0;
    for (let round = 0; kills < KILLS; round++) {
      expect(round, 'rounds in which it was faster than its killer').toBeLessThan(KILLS * 8);
      await victim.prepare();
      const running = store.start(victim.args);
      await sleep(duration * (0.3 + 0.7 * random()));
      running.kill('SIGKILL');
      if ((await running).signal !== 'SIGKILL') continue;
      kills++;
      expect((await checkStore(engine())).problems).toEqual([]);
      await victim.again();
    }
    await clear();
    await store.ok(['system', 'check', '--repair']);
    expect(wreckage(store.root)).toEqual([]);
  });

  it('of a container’s monitor leaves a volume without a name that a prune finds, or none', async () => {
    await clear();
    const id = (
      await store.ok(['run', '-d', '--rm', '-v', '/un', '--entrypoint', '', IMAGE, 'x']).catch(() => '')
    ).trimEnd();
    // The image has no program: the container could not be started, and has taken its volume along.
    expect(id).toBe('');
    await waitUntil(async () => (await store.ok(['volume', 'ls', '-q'])) === '');
  });
});

describe('a volume that was being filled', () => {
  it('is filled by the next who uses it, from where it was left', async () => {
    await clear();
    const { copyUp, isHalfFilled } = await import('../../ts/volume/copyUp.ts');
    const { VolumeStore } = await import('../../ts/volume/store.ts');
    await store.ok(['create', '-v', 'half:/base', IMAGE, 'x']);
    const volume = new VolumeStore(engine().paths).find('half');
    // As a kill in the middle of the moving leaves it.
    const { mkdirSync, renameSync } = await import('node:fs');
    mkdirSync(join(volume.folder, 'copied'));
    for (const name of readdirSync(volume.mountpoint).slice(0, 300)) {
      renameSync(join(volume.mountpoint, name), join(volume.folder, 'copied', name));
    }
    expect(isHalfFilled(volume)).toBe(true);
    const { leftovers } = await checkStore(engine());
    expect(leftovers).toContainEqual(expect.objectContaining({ kind: 'volume', path: volume.folder }));
    await copyUp(volume, async () => expect.unreachable('it is not copied again'));
    expect(readdirSync(volume.mountpoint)).toHaveLength(FILES);
    expect(isHalfFilled(volume)).toBe(false);
  });
});
