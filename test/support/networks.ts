import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject, vi } from 'vitest';
import { newStore, Store } from './cli.ts';
import { makeMachine, type NetworkHost } from './machine.ts';

/** Of the image `net`. */
const PROGRAMS = ['bash', 'sh', 'cat', 'ip', 'sleep', 'socat', 'getent', 'true', 'printf', 'sed', 'head', 'seq', 'tr'];

/** What is there of networks, before and after. */
export type Left = Record<'link' | 'address' | 'ruleset' | 'run', string>;

/** A machine with rcx on it, whose default network is `bridge`, and an image `net`. */
export interface NetworkWorld {
  store: Store;
  machine: NetworkHost;
  outside: NetworkHost;
  /** Runs `rcx run --rm` of the image; returns stdout. */
  run(flags: string[], command: string[]): Promise<string>;
  /** Runs it in the background; returns the name. */
  background(name: string, flags: string[], command?: string[]): Promise<string>;
  left(): Promise<Left>;
  /** The same, once what has run has gone. */
  quiet(): Promise<Left>;
  /** Ends it, after all containers and networks. */
  close(): Promise<void>;
}

export async function makeWorld(): Promise<NetworkWorld> {
  const { machine, outside, end } = await makeMachine();
  const plain = await newStore({ images: true });
  const config = join(plain.folder, 'networks.json');
  writeFileSync(config, JSON.stringify({ defaultNetwork: 'bridge' }));
  const store = new Store(plain.folder, plain.root, config, machine.words, inject('e2e').user);
  await store.ok(['image', 'from-host', '-q', '-t', 'net', ...PROGRAMS]);
  const all = ['--pull', 'never'];
  return {
    ...{ store, machine, outside },
    run: (flags, command) => store.ok(['run', '--rm', ...all, ...flags, 'net', ...command]),
    async background(name, flags, command = ['sleep', '600']) {
      await store.ok(['run', '-d', '--name', name, ...all, ...flags, 'net', ...command]);
      return name;
    },
    left: () => leftOn(machine, store.env.RCX_RUN ?? ''),
    quiet: () =>
      vi.waitFor(async () => {
        const left = await leftOn(machine, store.env.RCX_RUN ?? '');
        if (/^rcx[0-9a-f]/m.test(left.link) || left.ruleset.includes('netdev')) throw new Error(left.link);
        return left;
      }),
    async close() {
      const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
      if (ids.length > 0) await store.ok(['rm', '-f', ...ids]);
      const networks = (await store.ok(['network', 'ls', '-q'])).split('\n').filter((id) => id !== '');
      if (networks.length > 0) await store.ok(['network', 'rm', ...networks]);
      await store.close();
      await end();
    },
  };
}

async function leftOn(machine: NetworkHost, run: string): Promise<Left> {
  // Whether a bridge has a carrier is seen some time after its last port has gone.
  const link = (await machine.ok(['ip', '-o', 'link'])).replace(/^\d+: |<.*?>|state \w+/gm, '');
  const address = (await machine.ok(['ip', '-o', 'addr'])).replace(/^\d+: | tentative/gm, '');
  const ruleset = await machine.ok(['nft', 'list', 'ruleset']);
  const files = !existsSync(run)
    ? []
    : readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((name) => name !== 'events');
  return { link, address, ruleset, run: files.sort().join('\n') };
}

/** Waits until a machine is as it was: the kernel takes a network namespace apart some time after its last process. */
export async function isAsBefore(world: NetworkWorld, before: Left): Promise<void> {
  await vi.waitFor(
    async () => {
      const now = await world.left();
      for (const [name, text] of Object.entries(before)) {
        if (now[name as keyof Left] !== text)
          throw new Error(`${name} was\n${text}\nand is\n${now[name as keyof Left]}`);
      }
    },
    { timeout: 15_000, interval: 100 },
  );
}
