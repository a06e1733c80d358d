import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure } from '../support/cli.ts';
import { makeWorld, type NetworkWorld } from '../support/networks.ts';

let world: NetworkWorld;
beforeAll(async () => {
  world = await makeWorld();
  await world.store.ok(['network', 'create', '--subnet', '10.1.0.0/24', 'a']);
  await world.store.ok(['network', 'create', '--subnet', '10.2.0.0/24', '--ipv6', '--subnet', 'fd00:2::/64', 'b']);
  await world.store.ok(['network', 'create', '--internal', '--subnet', '10.3.0.0/24', 'inner']);
});
afterEach(async () => {
  const ids = (await world.store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await world.store.ok(['rm', '-f', ...ids]);
});
afterAll(() => world.close());

const inside = async (name: string, ...command: string[]) => await world.store.ok(['exec', name, ...command]);
const addresses = async (name: string) =>
  [...(await inside(name, 'ip', '-o', 'addr')).matchAll(/(eth\d) +inet6? (10\S+|fd\S+)/g)].map(
    ([, device, address]) => `${device} ${address}`,
  );
const hosts = async (name: string) =>
  [...(await inside(name, 'cat', '/etc/hosts')).matchAll(/^(10\S+|fd\S+)\t/gm)].map(([, address]) => address);

describe('a container that runs', () => {
  it('joins networks and leaves them', async () => {
    await world.background('web', ['--network', 'a']);
    await world.background('db', ['--network', 'b']);
    await world.store.ok(['network', 'connect', '--alias', 'www', '--ip', '10.2.0.9', 'b', 'web']);
    expect(await addresses('web')).toEqual(['eth0 10.1.0.2/24', 'eth1 10.2.0.9/24', 'eth1 fd00:2::9/64']);
    expect(await hosts('web')).toEqual(['10.1.0.2', '10.2.0.9', 'fd00:2::9']);
    expect(await inside('db', 'getent', 'ahostsv4', 'www')).toMatch(/^10\.2\.0\.9 /);
    expect(await inside('web', 'getent', 'ahostsv4', 'db')).toMatch(/^10\.2\.0\.2 /);
    expect(await inside('web', 'ip', 'route', 'show', 'default')).toMatch(/via 10\.1\.0\.1 dev eth0/);
    expect(await inside('web', 'ip', '-6', 'route', 'show', 'default')).toMatch(/via fd00:2::1 dev eth1/);
    await world.store.ok(['network', 'disconnect', 'a', 'web']);
    expect(await addresses('web')).toEqual(['eth1 10.2.0.9/24', 'eth1 fd00:2::9/64']);
    expect(await hosts('web')).toEqual(['10.2.0.9', 'fd00:2::9']);
    expect(await inside('web', 'ip', 'route', 'show', 'default')).toMatch(/via 10\.2\.0\.1 dev eth1/);
    const template = '{{range $name, $own := .NetworkSettings.Networks}}{{$name}} {{$own.Aliases}}{{end}}';
    expect(await world.store.ok(['inspect', '-f', template, 'web'])).toBe('b [www]\n');
    await world.store.ok(['restart', '-t', '0', 'web']);
    expect(await addresses('web')).toEqual(['eth1 10.2.0.9/24', 'eth1 fd00:2::9/64']);
  });

  it('loses ports with the network that they lead by', async () => {
    await world.background('web', ['--network', 'a', '-p', '8080:80']);
    expect(await world.store.ok(['port', 'web'])).toMatch(/8080/);
    await world.store.ok(['network', 'connect', 'inner', 'web']);
    expect(await world.store.ok(['port', 'web'])).toMatch(/8080/);
    await world.store.ok(['network', 'disconnect', 'a', 'web']);
    expect(await world.store.ok(['port', 'web'])).toBe('');
    expect(await world.machine.ok(['ss', '-Hltn', 'sport = :8080'])).toBe('');
    // Nothing leads out any more, names included.
    expect(await inside('web', 'ip', 'route', 'show', 'default')).toBe('');
  });
});

it('one that does not run is in its networks when it is started', async () => {
  await world.store.ok(['create', '--pull', 'never', '--name', 'later', '--network', 'a', 'net', 'sleep', '600']);
  await world.store.ok(['network', 'connect', 'b', 'later']);
  await world.store.ok(['network', 'disconnect', 'a', 'later']);
  await world.store.ok(['start', 'later']);
  expect(await addresses('later')).toEqual(['eth1 10.2.0.2/24', 'eth1 fd00:2::2/64']);
});

it('one may be in several from the start, with addresses and MAC addresses of one’s choice', async () => {
  const b = 'name=b,ip=10.2.0.77,ip6=fd00:2::77,mac-address=02:aa:bb:cc:dd:ee';
  await world.background('many', ['--network', 'a', '--ip', '10.1.0.66', '--network', b, '--network', 'inner']);
  expect(await addresses('many')).toEqual([
    ...['eth0 10.1.0.66/24', 'eth1 10.2.0.77/24', 'eth1 fd00:2::77/64', 'eth2 10.3.0.2/24'],
  ]);
  expect(await inside('many', 'ip', 'link', 'show', 'eth1')).toMatch(/02:aa:bb:cc:dd:ee/);
  expect(await world.store.ok(['ps', '--format', '{{.Networks}}'])).toBe('a,b,inner\n');
  expect(await world.store.ok(['ps', '-q', '--filter', 'network=inner'])).not.toBe('');
});

describe('what is refused', () => {
  const connect = ['network', 'connect'];
  it('is told, and changes nothing', async () => {
    await world.background('web', ['--network', 'a']);
    await world.background('alone', ['--network', 'none']);
    await world.background('hosts', ['--network', 'host']);
    const refused = async (words: string[], message: RegExp) => expectFailure(await world.store.rcx(words), 1, message);
    await refused([...connect, 'a', 'web'], /already exists in network a/);
    await refused([...connect, 'no-such', 'web'], /network no-such not found/);
    await refused([...connect, 'b', 'no-such'], /no such container/);
    await refused([...connect, 'b', 'alone'], /its network mode is none/);
    await refused([...connect, 'b', 'hosts'], /its network mode is host/);
    await refused([...connect, '--ip', '10.9.9.9', 'b', 'web'], /is no address for a container of the network b/);
    await refused([...connect, '--alias', 'a b', 'b', 'web'], /--network-alias/);
    await refused(['network', 'disconnect', 'b', 'web'], /is not connected to network b/);
    await world.store.ok(['network', 'disconnect', '-f', 'b', 'web']);
    await refused(['network', 'rm', 'a'], /has active endpoints/);
    expect(await addresses('web')).toEqual(['eth0 10.1.0.2/24']);
  });

  it.each([
    [['--network', 'a', '--network', 'a'], /network a is given twice/],
    [['--network', 'a', '--network', 'none'], /network none not found/],
    [['--network', 'a', '--ip6', 'fd00::9'], /has no IPv6 addresses/],
    [['--network', 'b', '--ip6', 'fd00:9::9'], /give one of fd00:2::\/64/],
    [['--network', 'a', '--mac-address', '01:00:5e:00:00:01'], /of a single device/],
    [['--network', 'name=a,driver-opt=x'], /there is name, alias/],
    [['--network', 'host', '--network-alias', 'x'], /an alias and the network mode/],
  ])('is %j', async (flags, message) => {
    expectFailure(await world.store.rcx(['run', '--rm', '--pull', 'never', ...flags, 'net', 'true']), 125, message);
  });
});

it('unused networks are pruned', async () => {
  for (const name of ['kept', 'old']) await world.store.ok(['network', 'create', '--label', `name=${name}`, name]);
  expect(await world.store.ok(['network', 'prune', '-f', '--filter', 'label=name=old'])).toBe(
    'Deleted Networks:\nold\n\n',
  );
  await world.background('user', ['--network', 'kept']);
  expect(await world.store.ok(['system', 'prune', '-f', '--filter', 'label=name'])).not.toMatch(/kept/);
  await world.store.ok(['rm', '-f', 'user']);
  expect(await world.store.ok(['system', 'prune', '-f', '--filter', 'label=name'])).toMatch(/Deleted Networks:\nkept/);
});

it('events tell who joins and leaves', async () => {
  await world.store.ok(['network', 'create', 'told']);
  const since = String(Date.now() / 1000);
  await world.run(['--network', 'a', '--name', 'seen'], ['true']);
  await world.background('stays', ['--network', 'a']);
  await world.store.ok(['network', 'connect', 'told', 'stays']);
  await world.store.ok(['network', 'disconnect', 'told', 'stays']);
  await world.store.ok(['network', 'rm', 'told']);
  const format = '{{.Action}} {{.Actor.Attributes.name}}';
  const flags = ['--since', since, '--until', '0s', '--filter', 'type=network', '--format', format];
  expect((await world.store.ok(['events', ...flags])).trim().split('\n')).toEqual([
    ...['connect a', 'disconnect a', 'connect a', 'connect told', 'disconnect told', 'destroy told'],
  ]);
  expect(await world.store.ok(['events', '--since', since, '--until', '0s', '--filter', 'network=told'])).toMatch(
    /network connect .*\n.*network disconnect .*\n.*network destroy/,
  );
});
