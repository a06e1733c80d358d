import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { INSTALLED_BIN } from '../support/installedBin.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { asUser } from '../support/user.ts';

const { user } = inject('e2e');
if (user === undefined) throw new Error('these are tests of an ordinary user');
const single = user.kind === 'single';

let store: Store;
const undo: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
  await store.close();
});

/** A store whose namespace is not made yet. */
async function fresh(): Promise<Store> {
  store = await newStore({ images: true });
  if (single) {
    const { pid } = JSON.parse(readFileSync(join(store.env.RCX_RUN ?? '', 'namespace.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    rmSync(store.env.RCX_RUN ?? '', { recursive: true });
  }
  return store;
}

/** Changes the lines of a file of /etc for a test. */
function change(path: string, to: (text: string) => string): void {
  const before = readFileSync(path, 'utf8');
  undo.push(() => writeFileSync(path, before));
  writeFileSync(path, to(before));
}

/** Neither a namespace, nor a container, nor a record of one. */
function expectNothingMade(): void {
  const run = store.env.RCX_RUN ?? '';
  expect(existsSync(join(run, 'namespace.json'))).toBe(false);
  const containers = join(store.root, 'containers');
  expect(existsSync(containers) ? readdirSync(containers).filter((name) => !name.startsWith('.names')) : []).toEqual(
    [],
  );
}

const attempt = (env: Record<string, string> = {}) => store.rcx(['run', '--rm', 'ubuntu', 'true'], { env });

// Who has none is not concerned.
if (!single)
  describe('ids that cannot be had', () => {
    it('are said to overlap', async () => {
      await fresh();
      change('/etc/subuid', (text) => `${text}${user.name}:${user.uid}:10\n`);
      expectFailure(await attempt(), 125, /\/etc\/subuid: .*the id of \S+ itself is one of them; give \S+ a range/);
      expectNothingMade();
    });

    it('are refused by newuidmap in its own words', async () => {
      await fresh();
      const own = (text: string) => new RegExp(`^${user.name}:\\d+:\\d+$`, 'm').exec(text)?.[0] ?? '';
      const bin = join(store.folder, 'bin');
      mkdirSync(bin);
      // One that has lost its setuid bit, as on a file system without them.
      for (const name of ['newuidmap', 'newgidmap']) {
        copyFileSync(`/usr/bin/${name}`, join(bin, name));
        chmodSync(join(bin, name), 0o755);
      }
      chmodSync(bin, 0o755);
      const outcome = await attempt({ PATH: `${bin}:${store.env.PATH}` });
      expectFailure(
        outcome,
        125,
        /newuidmap: .*not permitted: .*; it has lost its privileges: run, as root: chmod u\+s/,
      );
      expectNothingMade();
      expect(own(readFileSync('/etc/subuid', 'utf8'))).not.toBe('');
    });

    it('leave one id, and a word about it, when nobody may map them', async () => {
      await fresh();
      const bin = join(store.folder, 'bin');
      mkdirSync(bin);
      chmodSync(bin, 0o755);
      for (const name of ['sh', 'node', 'env']) symlinkSync((await execa('which', [name])).stdout, join(bin, name));
      rmSync(join(store.root, 'ids.json'), { force: true });
      const { exitCode, stderr } = await attempt({ PATH: bin });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 0,
        stderr: expect.stringMatching(
          /^rcx: warning: newuidmap and newgidmap are not installed \(package uidmap\): .*\n$/,
        ),
      });
    });

    it('are not exchanged for others under the files of a store', async () => {
      await fresh();
      await store.ok(['run', '--rm', 'ubuntu', 'true']);
      const { pid } = JSON.parse(readFileSync(join(store.env.RCX_RUN ?? '', 'namespace.json'), 'utf8'));
      process.kill(pid, 'SIGKILL');
      change('/etc/subuid', (text) =>
        text.replace(new RegExp(`^${user.name}:.*$`, 'm'), `${user.name}:700000000:65536`),
      );
      rmSync(join(store.env.RCX_RUN ?? '', 'namespace.json'));
      expectFailure(await attempt(), 125, /ids\.json|they are others than those that its files were given to/);
    });

    it('are too few for an image: the id is named, and what to do', async () => {
      await fresh();
      const archive = new TarBuilder().file('file', 'x', { uid: 4_000_000 }).build();
      const outcome = await store.rcx(['import', '-'], { input: archive });
      expectFailure(outcome, 1, /set the owner: file: invalid argument.*give him more in \/etc\/subuid/);
      expect(await store.ok(['images', '-q', '-f', 'dangling=true'])).toBe('');
    });
  });

describe('a machine that does not let its users', () => {
  it('have a runtime directory: one of another user is not taken', async () => {
    await fresh();
    const others = join(store.folder, 'others');
    mkdirSync(others, { mode: 0o755 });
    const outcome = await attempt({ RCX_RUN: others });
    expectFailure(outcome, 125, /use the runtime directory: .*others: it belongs to the user 0.*XDG_RUNTIME_DIR/);
    expect(readdirSync(others)).toEqual([]);
  });

  it('execute what is installed there: the mount is named', async () => {
    await fresh();
    const installed = join(realpathSync(INSTALLED_BIN), '../..');
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,noexec "$0" && exec "$@"';
    const program = "await (await import(process.argv[1])).run('ubuntu', ['true'])";
    const node = [process.execPath, '--input-type=module', '-e', program, '--', join(installed, 'dist/index.mjs')];
    const words = ['--mount', 'sh', '-c', script, installed, ...asUser(user), ...node];
    const { exitCode, stderr } = await execa('unshare', words, { env: store.env, extendEnv: false, reject: false });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/load the native addon: .*its file system is mounted with noexec/s),
    });
    expectNothingMade();
  });

  it('shift the owners of files: what needs that is refused for this reason', async () => {
    store = await newStore({ images: true });
    for (const [word, reason] of [
      ['keep-id', /"keep-id": not supported for ordinary users; .*root of the container is you/],
      ['nomap', /"nomap": not supported for ordinary users/],
      ['auto', /"auto": not supported for ordinary users/],
    ] as const) {
      expectFailure(await store.rcx(['run', '--rm', '--userns', word, 'ubuntu', 'true']), 125, reason);
    }
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});
