import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeWorld, type NetworkWorld } from '../support/networks.ts';
import { IS_USER } from '../support/rootOnly.ts';

let world: NetworkWorld;
beforeAll(async () => {
  world = await makeWorld();
  await world.store.ok(['network', 'create', 'shop']);
  await world.store.ok(['network', 'create', '--internal', 'closed']);
});
afterAll(() => world.close());

/** No server is there but in one test: what is forwarded is refused at once. */
const DNS = ['--dns', '192.0.2.2'];
const FLAGS = ['--network', 'shop', ...DNS];
/** The addresses of a name, as the C library finds them. */
const lookup = async (name: string, flags: string[] = FLAGS) => {
  const found = await world.run(flags, ['bash', '-c', `getent ahostsv4 ${name} || true`]);
  return [...new Set(found.split('\n').map((line) => line.split(' ')[0]))].filter((text) => text !== '').sort();
};
const addressOf = async (name: string) =>
  (await world.store.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', name])).trim();

describe('containers of a network', () => {
  it('have a name, a short id, a hostname, and aliases', async () => {
    await world.background('db', [...FLAGS, '--network-alias', 'sql', '-h', 'oracle']);
    const address = await addressOf('db');
    const id = (await world.store.ok(['ps', '-q', '--filter', 'name=db'])).trim();
    for (const name of ['db', 'DB', 'sql', 'oracle', id, 'db.shop']) expect(await lookup(name)).toEqual([address]);
    expect(await lookup('db', ['--network', 'bridge', ...DNS])).toEqual([]);
    expect(await world.run(FLAGS, ['getent', 'hosts', address])).toMatch(/\sdb\.shop\n$/);
    await world.store.ok(['rename', 'db', 'base']);
    await vi.waitFor(async () => expect(await lookup('base')).toEqual([address]));
    expect(await lookup('db')).toEqual([]);
    await world.store.ok(['stop', '-t', '0', 'base']);
    expect(await lookup('base')).toEqual([]);
    await world.store.ok(['start', 'base']);
    expect(await lookup('sql')).toEqual([address]);
    await world.store.ok(['rm', '-f', 'base']);
  });

  it('share an alias', async () => {
    for (const name of ['one', 'two']) await world.background(name, ['--network', 'name=shop,alias=many']);
    expect(await lookup('many')).toEqual([await addressOf('one'), await addressOf('two')].sort());
    await world.store.ok(['rm', '-f', 'one', 'two']);
  });

  it('find each other in internal networks, and may have a name server themselves', async () => {
    const server = ['socat', 'UDP-LISTEN:53,fork', 'EXEC:cat'];
    await world.background('hidden', ['--network', 'closed'], server);
    expect(await lookup('hidden', ['--network', 'closed'])).toEqual([await addressOf('hidden')]);
    expect(await world.store.ok(['exec', 'hidden', 'getent', 'hosts', 'hidden'])).not.toBe('');
    await world.store.ok(['rm', '-f', 'hidden']);
  });
});

describe('names that no network has', () => {
  let end: () => void;
  beforeAll(async () => {
    const folder = join(world.store.folder, 'dns');
    const hosts = `${folder}.hosts`;
    writeFileSync(hosts, '198.51.100.7 www.example.test\n198.51.100.8 short.example.test\n');
    const flags = ['--no-daemon', '--no-resolv', '--no-hosts', `--addn-hosts=${hosts}`, '--listen-address=192.0.2.2'];
    const server = world.outside.start(['dnsmasq', ...flags, '--bind-interfaces', '--user=root'], { timeout: 100_000 });
    await vi.waitFor(async () => expect(await world.outside.ok(['ss', '-Hlun', 'sport = :53'])).not.toBe(''));
    end = () => void server.kill();
  });
  afterAll(() => end());

  it('are asked for from the servers that are given', async () => {
    expect(await lookup('www.example.test', ['--dns', '192.0.2.2'])).toEqual(['198.51.100.7']);
    expect(await lookup('www.example.test', FLAGS)).toEqual(['198.51.100.7']);
    expect(await lookup('no-such.example.test', ['--dns', '192.0.2.2'])).toEqual([]);
    const search = ['--dns', '192.0.2.2', '--dns-search', 'example.test', '--dns-option', 'ndots:2'];
    expect(await lookup('short', search)).toEqual(['198.51.100.8']);
    expect(await world.run(search, ['cat', '/etc/resolv.conf'])).toBe(
      'nameserver 127.0.0.11\nsearch example.test\noptions ndots:2\n',
    );
  });

  it('do not leave internal networks', async () => {
    expect(await lookup('www.example.test', ['--network', 'closed', '--dns', '192.0.2.2'])).toEqual([]);
  });
});

it('host-gateway stands for this machine', async () => {
  const hosts = await world.run([...FLAGS, '--add-host', 'me:host-gateway'], ['cat', '/etc/hosts']);
  // The bridge of an ordinary user is not this machine's.
  expect(hosts).toMatch(IS_USER ? /^192\.0\.2\.1\tme$/m : /^172\.\d+\.0\.1\tme$/m);
});
