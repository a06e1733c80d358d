// A process that keeps the session keyring of whoever started it can use his keys, and lists them in /proc/keys.
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { ready, removeAll } from '../support/life.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

const [ADD_KEY, KEYCTL] = process.arch === 'arm64' ? [217, 219] : [248, 250];
const NAME = `rcx-test-${process.pid}`;
/** keyctl(2): a session keyring with a key in it, then a program. */
const SESSION = `my ($k, $n, $v) = ("user", "${NAME}", "secret"); my $s = "${NAME}"; syscall(${KEYCTL}, 1, $s) > 0 or die $!;
  syscall(${ADD_KEY}, $k, $n, $v, 6, -3) > 0 or die $!; exec @ARGV`;
/** KEYCTL_SEARCH in the session keyring (-3), and in the user's (-4). */
const SEARCH = `my ($k, $n) = ("user", "${NAME}"); $! = 0; print join(" ", map { syscall(${KEYCTL}, 10, $_, $k, $n, 0) > 0 ? "found" : "none" } -3, -4), "\\n"`;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(async () => {
  await removeAll(store);
  await store.close();
});

/** Runs a program with a key that is its own. */
async function withKey(...command: string[]): Promise<string> {
  const { stdout } = await execa('perl', ['-e', SESSION, ...command], { env: store.env, extendEnv: false });
  return stdout;
}

it('keys of the caller can be found by what he starts', async () => {
  expect(await withKey('perl', '-e', SEARCH)).toBe('found none');
});

it('keys of the caller are not found in a container, not even without a filter for system calls', async () => {
  await withKey(RCX_BIN, 'run', '-d', '--name', 'box', 'ubuntu', 'sleep', '100');
  expect(await withKey(RCX_BIN, 'exec', '--privileged', 'box', 'perl', '-e', SEARCH)).toBe('none none');
  expect(await withKey(RCX_BIN, 'exec', 'box', 'cat', '/proc/keys')).toBe('');
});

it('a container has a session keyring of its own', async () => {
  const id = await ready(store, []);
  expect(readFileSync('/proc/keys', 'utf8')).toMatch(new RegExp(` keyring +_ses\\.${id}`));
});
