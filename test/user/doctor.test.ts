import { readlinkSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Finding } from '../../ts/doctor/finding.ts';
import { newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

const { user } = inject('e2e');
if (user === undefined) throw new Error('these are tests of an ordinary user');
const single = user.kind === 'single';

let store: Store;
beforeAll(async () => {
  store = await newStore();
});
afterAll(() => store.close());

const found = (json: string) => {
  const findings = JSON.parse(json) as Finding[];
  return (name: string) => findings.find((finding) => finding.name === name);
};

it('finds what an ordinary user’s containers are made of, and runs one', async () => {
  const { exitCode, stdout } = await store.rcx(['doctor', '--format', 'json']);
  expect(exitCode, stdout).toBe(0);
  const of = found(stdout);
  expect(of('privilege')).toMatchObject({ status: 'ok', found: `user ${user.uid}, root of a namespace of his own` });
  expect(of('subordinate ids')?.status).toBe(single ? 'reduced' : 'ok');
  expect(of('published ports')?.found).toMatch(/^from \d+ on$/);
  for (const name of ['system calls', 'namespaces', 'networks', 'store', 'a container']) {
    expect(of(name), name).toMatchObject({ status: 'ok' });
  }
});

/** A command of root's in a user namespace that maps every id to itself. */
async function inUserNamespace(words: string[], env: Record<string, string>) {
  const child = execa('unshare', ['--user', 'sh', '-c', 'read -r _ && exec "$@"', 'sh', ...words], {
    env,
    extendEnv: false,
    reject: false,
  });
  const namespaceOf = (pid: number | string) => readlinkSync(`/proc/${pid}/ns/user`);
  await waitUntil(() => namespaceOf(child.pid ?? 0) !== namespaceOf('self'));
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${child.pid}/${map}`, '0 0 4294967295\n');
  child.stdin.end('\n');
  return await child;
}

it('names the setting that forbids user namespaces', async () => {
  // The limit of a namespace that is made for it: that of the machine concerns other tests.
  const forbidden = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
  const words = ['sh', '-c', forbidden, 'sh', RCX_BIN, 'doctor', '--format', 'json'];
  const env = { ...store.env, RCX_RUN: `${store.env.RCX_RUN}-none` };
  const { exitCode, stdout, stderr } = await inUserNamespace(words, env);
  expect(exitCode, stderr).toBe(1);
  const of = found(stdout);
  expect(of('privilege')).toMatchObject({
    status: 'missing',
    found: expect.stringContaining('ENOSPC'),
    fix: 'sysctl -w user.max_user_namespaces=15000',
  });
  expect(of('a container')).toBeUndefined();
});
