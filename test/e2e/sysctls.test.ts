import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const setting = (name: string) => `/proc/sys/${name.replaceAll('.', '/')}`;
const hosts = (name: string) => readFileSync(setting(name), 'utf8');

describe('--sysctl', () => {
  it.each([
    ['net.core.somaxconn', '77'],
    ['kernel.msgmax', '4096'],
    ['kernel.shm_rmid_forced', '1'],
    ['fs.mqueue.msg_max', '5'],
  ])('sets %s for the container alone', async (name, value) => {
    const before = hosts(name);
    expect(before.trim()).not.toBe(value);
    const args = ['run', '--rm', '--sysctl', `${name}=${value}`, 'ubuntu', 'cat', setting(name)];
    expect(await store.ok(args)).toBe(`${value}\n`);
    expect(hosts(name)).toBe(before);
  });

  it('goes over Docker’s defaults, and is shown by inspect', async () => {
    const name = 'net.ipv4.ip_unprivileged_port_start';
    const args = ['create', '--sysctl', `${name}=1024`, 'ubuntu', 'cat', setting(name)];
    const id = (await store.ok(args)).trim();
    expect(await store.ok(['start', '-a', id])).toBe('1024\n');
    expect(await store.ok(['inspect', '-f', '{{json .HostConfig.Sysctls}}', id])).toBe(`{"${name}":"1024"}\n`);
  });

  it('that the namespace does not have fails with its name', async () => {
    const outcome = await store.rcx(['run', '--rm', '--sysctl', 'net.core.there_is_none=1', 'ubuntu', 'true']);
    expectFailure(outcome, 125, /net\.core\.there_is_none=1.*no such file/i);
  });
});
