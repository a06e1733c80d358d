import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  await store.ok(['image', 'from-host', '-q', '-t', 'net', 'bash', 'cat', 'ip', 'sleep']);
});
afterAll(() => store.close());

/** Not one of the pool's, which other tests and this machine may use. */
const make = async (name: string, subnet: string, ...flags: string[]) =>
  (await store.ok(['network', 'create', '--internal', '--subnet', subnet, ...flags, name])).trimEnd();
const inspect = async (name: string) => JSON.parse(await store.ok(['network', 'inspect', name]))[0];
const devices = async () => {
  const { stdout } = await execa('ip', ['-o', 'link']);
  return [...stdout.matchAll(/^\d+: (rcx[^:@]*)/gm)].map(([, name]) => name);
};
const addresses = (name: string) => readdirSync(join(store.root, 'networks', name, 'addresses'));
const addressOf = async (id: string) =>
  / (10\.\S+)/.exec(await store.ok(['exec', id, 'ip', '-4', '-br', 'addr', 'show', 'eth0']))?.[1];
/** Nobody listens at port 9: a host that is reached refuses, and nothing else answers. */
const reached = (address: string) => ['bash', '-c', `(echo >/dev/tcp/${address}/9) 2>&1`];

describe('network create', () => {
  it('makes a network, once', async () => {
    const id = await make('made', '10.201.1.0/24', '--label', 'a=1');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await inspect('made')).toEqual({
      ...{ Name: 'made', Id: id, Created: expect.stringMatching(/^\d{4}-.*Z$/), Scope: 'local', Driver: 'bridge' },
      ...{ EnableIPv4: true, EnableIPv6: false },
      IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: '10.201.1.0/24', Gateway: '10.201.1.1' }] },
      ...{ Internal: true, Attachable: false, Ingress: false, Containers: {}, Options: {}, Labels: { a: '1' } },
    });
    expectFailure(
      await store.rcx(['network', 'create', '--internal', 'made']),
      1,
      /network with name made already exists/,
    );
    // A network is a record until a container is started in it.
    expect(await devices()).toEqual([]);
    expect(await store.ok(['network', 'rm', id.slice(0, 12)])).toBe('made\n');
  });

  it.each([
    [['--internal', 'bridge'], /bridge: the name stands for something else/],
    [['--internal', '../escape'], /a name is of letters, digits/],
    [['--internal', '--driver', 'macvlan', 'net'], /--driver: "macvlan" is not valid/],
    [['--internal', '--subnet', '10.201.0.1/16', 'net'], /--subnet: .* without bits of hosts/],
    [['--internal', '--subnet', '10.201.0.0/30', 'net'], /--subnet: .* from \/8 to \/29/],
    [['--internal', '--subnet', 'banana', 'net'], /--subnet: "banana" is not valid/],
    [
      ['--internal', '--subnet', '10.201.0.0/24', '--subnet', '10.202.0.0/24', 'net'],
      /--subnet: .* one of each family/,
    ],
    [['--subnet', 'fd00:201::1/64', 'net'], /--subnet: .* without bits of hosts/],
    [['--opt', 'parent=eth0', 'net'], /--opt: "parent" is not valid; there is com.docker.network.driver.mtu/],
    [['--opt', 'com.docker.network.driver.mtu=20', 'net'], /--opt: .* from 68 to 65535/],
    [['--internal', '--gateway', '10.201.0.1', 'net'], /--gateway: .* give the --subnet that it is in/],
    [
      ['--internal', '--subnet', '10.201.0.0/24', '--gateway', '10.201.1.1', 'net'],
      /--gateway: .* a host in 10\.201\.0\.0\/24/,
    ],
  ])('refuses %j', async (words, message) => {
    expectFailure(await store.rcx(['network', 'create', ...words]), 1, message);
    expect(await store.ok(['network', 'ls', '-q'])).toBe('');
  });

  it('refuses a subnet that another network has', async () => {
    await make('first', '10.201.2.0/24');
    const second = await store.rcx(['network', 'create', '--internal', '--subnet', '10.201.0.0/16', 'second']);
    expectFailure(second, 1, /Pool overlaps with other one on this address space: the network first/);
    await store.ok(['network', 'rm', 'first']);
  });
});

describe('containers in a network', () => {
  beforeAll(() => make('back', '10.202.0.0/24'));
  afterAll(() => store.ok(['network', 'rm', 'back']));

  it('have an address, a name for it, and reach each other and the machine, and nothing else', async () => {
    const one = (await store.ok(['run', '-d', '--network', 'back', '-h', 'one', 'net', 'sleep', '600'])).trimEnd();
    try {
      expect(await addressOf(one)).toBe('10.202.0.2/24');
      expect(await store.ok(['exec', one, 'cat', '/etc/hosts'])).toMatch(/^10\.202\.0\.2\tone$/m);
      const other = ['run', '--rm', '--network', 'back', 'net'];
      for (const address of ['10.202.0.2', '10.202.0.1']) {
        expect((await store.rcx([...other, ...reached(address)])).stdout).toMatch(/Connection refused/);
      }
      expect((await store.rcx([...other, ...reached('10.203.0.1')])).stdout).toMatch(/Network is unreachable/);
      expect((await execa('bash', reached('10.202.0.2').slice(1), { reject: false })).stdout).toMatch(
        /Connection refused/,
      );
      const { Containers } = await inspect('back');
      expect(Object.values(Containers)).toMatchObject([
        { IPv4Address: '10.202.0.2/24', MacAddress: '02:42:0a:ca:00:02' },
      ]);
      expectFailure(await store.rcx(['network', 'rm', 'back']), 1, /network back has active endpoints: .* rcx rm/);
    } finally {
      await store.ok(['rm', '-f', one]);
    }
    expect(addresses('back')).toEqual([]);
  });

  it('keep the address when they are started again, whatever is left of the last run', async () => {
    const id = (
      await store.ok(['run', '-d', '--network', 'back', '--ip', '10.202.0.99', 'net', 'sleep', '600'])
    ).trimEnd();
    for (let times = 0; times < 5; times++) await store.ok(['restart', '-t', '0', id]);
    expect(await addressOf(id)).toBe('10.202.0.99/24');
    await store.ok(['stop', '-t', '0', id]);
    expectFailure(
      await store.rcx(['run', '--rm', '--network', 'back', '--ip', '10.202.0.99', 'net', 'ip', 'addr']),
      125,
      /network back: Address already in use: 10\.202\.0\.99/,
    );
    await store.ok(['rm', id]);
  });

  it('get different addresses when many are started at once, and give them back', async () => {
    const starts = Array.from({ length: 24 }, () =>
      store.ok(['run', '-d', '--network', 'back', 'net', 'sleep', '600']),
    );
    const ids = (await Promise.all(starts)).map((id) => id.trimEnd());
    const { Containers } = await inspect('back');
    const given = Object.values(Containers as Record<string, { IPv4Address: string }>).map((each) => each.IPv4Address);
    expect(new Set(given).size).toBe(24);
    await store.ok(['rm', '-f', ...ids]);
    expect(addresses('back')).toEqual([]);
    // The kernel takes a network namespace apart after its last process has gone.
    const left = async () => expect((await devices()).filter((name) => name?.endsWith('e0'))).toEqual([]);
    await vi.waitFor(left, { timeout: 10_000 });
  });

  it('that are removed by --rm give theirs back, and one whose maker was killed is given out again', async () => {
    await store.ok(['run', '--rm', '--network', 'back', 'net', 'ip', 'addr']);
    expect(addresses('back')).toEqual([]);
    symlinkSync('f'.repeat(64), join(store.root, 'networks/back/addresses/10.202.0.50'));
    await store.ok(['run', '--rm', '--network', 'back', '--ip', '10.202.0.50', 'net', 'ip', 'addr']);
    expect(addresses('back')).toEqual([]);
  });

  it.each([
    [['--network', 'no-such'], /network no-such not found/],
    [['--network', '../back'], /there is none, host, container:NAME, ns:PATH, the name of a network/],
    [['--network', 'back', '--ip', '10.202.0.255'], /is no address for a container of the network back/],
    [['--network', 'back', '--ip', '10.202.0.1'], /Address already in use: 10\.202\.0\.1/],
    [['--network', 'back', '--ip', '10.9.9.9'], /give one of 10\.202\.0\.0\/24/],
    [['--network', 'none', '--ip', '10.202.0.9'], /a static address and the network mode/],
  ])('are not made with %j', async (flags, message) => {
    expectFailure(await store.rcx(['run', '--rm', ...flags, 'net', 'ip', 'addr']), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(addresses('back')).toEqual([]);
  });
});

it('a network without a free address says so', async () => {
  await make('tiny', '10.204.0.0/29');
  const ids = await Promise.all(
    Array.from({ length: 5 }, async () => (await store.ok(['create', '--network', 'tiny', 'net', 'true'])).trimEnd()),
  );
  expectFailure(
    await store.rcx(['create', '--network', 'tiny', 'net', 'true']),
    1,
    /no address of 10\.204\.0\.0\/29 is left/,
  );
  await store.ok(['rm', ...ids]);
  await store.ok(['create', '--name', 'again', '--network', 'tiny', 'net', 'true']);
  await store.ok(['rm', 'again']);
  await store.ok(['network', 'rm', 'tiny']);
});

it('a damaged record is told, and not taken for a network', async () => {
  const id = await make('broken', '10.205.0.0/24');
  const folder = join(store.root, 'networks/broken');
  writeFileSync(join(folder, 'network.json'), '{');
  expectFailure(
    await store.rcx(['run', '--rm', '--network', 'broken', 'net', 'true']),
    125,
    /read the network's record/,
  );
  rmSync(folder, { recursive: true });
  expectFailure(
    await store.rcx(['network', 'rm', id]),
    1,
    /network [0-9a-f]{64} not found; list them with: rcx network ls/,
  );
  expect(existsSync(folder)).toBe(false);
});

it('nothing is left on this machine', async () => {
  expect(await devices()).toEqual([]);
});
