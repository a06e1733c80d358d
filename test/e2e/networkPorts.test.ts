import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectFailure } from '../support/cli.ts';
import { isAsBefore, type Left, makeWorld, type NetworkWorld } from '../support/networks.ts';

let world: NetworkWorld;
let before: Left;
beforeAll(async () => {
  world = await makeWorld();
  await world.store.ok(['network', 'create', 'front']);
  // The bridge and the table of all networks are there from now on.
  await world.run(['--network', 'front'], ['true']);
  before = await world.quiet();
});
afterEach(async () => {
  const ids = (await world.store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await world.store.ok(['rm', '-f', ...ids]);
});
afterAll(() => world.close());

/** Says who asks, at port 80 of both families. */
const SERVER = ['socat', 'TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0', 'SYSTEM:echo from $SOCAT_PEERADDR'];
const server = async (name: string, ...ports: string[]) => {
  const flags = ports.flatMap((port) => ['-p', port]);
  await world.background(name, ['--network', 'front', ...flags], SERVER);
  await vi.waitFor(async () => expect(await world.store.ok(['exec', name, 'ip', 'addr'])).not.toBe(''));
};
const source = (text: string) => text.replace('[0000:0000:0000:0000:0000:ffff:', '').replace(/\]$/, '');
/** `c0000202` is 192.0.2.2. */
const dotted = (text: string) =>
  source(text).replace(/([0-9a-f]{2})([0-9a-f]{2}):([0-9a-f]{2})([0-9a-f]{2})$/, (_, ...parts: string[]) =>
    parts
      .slice(0, 4)
      .map((part) => Number.parseInt(part, 16))
      .join('.'),
  );
const heard = async (address: string, from = world.machine) => dotted(await from.hear(address));
const portOf = async (name: string, port: string) =>
  Number(/:(\d+)$/m.exec(await world.store.ok(['port', name, port]))?.[1]);

describe('a published port', () => {
  it('is reached from everywhere, and the container sees who asks where the kernel redirects', async () => {
    await server('web', '8080:80');
    await vi.waitFor(async () => expect(await heard('TCP:127.0.0.1:8080')).toMatch(/^from 172/));
    expect(await heard('TCP6:[::1]:8080')).toMatch(/^from 172/);
    expect(await heard('TCP6:[2001:db8:2::1]:8080')).toMatch(/^from 172/);
    expect(await heard('TCP:192.0.2.1:8080')).toBe('from 192.0.2.1');
    expect(await heard('TCP:192.0.2.1:8080', world.outside)).toBe('from 192.0.2.2');
    const inside = ['bash', '-c', 'socat -T3 - TCP:192.0.2.1:8080,connect-timeout=2'];
    expect(await world.run(['--network', 'front'], inside)).toMatch(/^from /);
    expect(await world.store.ok(['exec', 'web', ...inside])).toMatch(/^from /);
    expect(await heard('TCP:192.0.2.1:80', world.outside)).toBe('');
  });

  it('is one of an address, of a range, or a free one, and is told', async () => {
    await server('many', '127.0.0.1:8081:80', '8000-8002:8000-8002', '8100-8109:80', '80', '5353:53/udp');
    const ports = await world.store.ok(['port', 'many']);
    expect(ports).toMatch(/^53\/udp -> 0\.0\.0\.0:5353$/m);
    expect(ports).toMatch(/^80\/tcp -> 127\.0\.0\.1:8081$/m);
    expect(ports).toMatch(/^80\/tcp -> 0\.0\.0\.0:8100$/m);
    expect(ports).toMatch(/^8002\/tcp -> \[::\]:8002$/m);
    expect((await world.store.ok(['port', 'many', '80/tcp'])).trim().split('\n')).toHaveLength(5);
    expect(await world.store.ok(['ps', '--format', '{{.Ports}}'])).toMatch(/0\.0\.0\.0:8000-8002->8000-8002\/tcp/);
    expect(await world.store.ok(['ps', '-q', '--filter', 'publish=5353/udp'])).not.toBe('');
    expect(await world.store.ok(['ps', '-q', '--filter', 'publish=53/udp'])).toBe('');
    const template = '{{json .NetworkSettings.Ports}} {{json .HostConfig.PortBindings}}';
    const [actual, asked] = (await world.store.ok(['inspect', '-f', template, 'many'])).trim().split(' ');
    expect(JSON.parse(actual ?? '')['8001/tcp']).toEqual([
      { HostIp: '0.0.0.0', HostPort: '8001' },
      { HostIp: '::', HostPort: '8001' },
    ]);
    expect(JSON.parse(asked ?? '')['80/tcp']).toContainEqual({ HostIp: '127.0.0.1', HostPort: '8081' });
    await vi.waitFor(async () => expect(await heard('TCP:127.0.0.1:8081')).toMatch(/^from /));
    expect(await heard('TCP:192.0.2.1:8081', world.outside)).toBe('');
    expect(await heard('TCP:192.0.2.1:8100', world.outside)).toBe('from 192.0.2.2');
  });

  it('takes datagrams', async () => {
    const echo = ['socat', 'UDP-LISTEN:53,fork', 'EXEC:cat'];
    await world.background('echo', ['--network', 'front', '-p', '5354:53/udp'], echo);
    for (const [host, address] of [
      [world.machine, '127.0.0.1'],
      [world.outside, '192.0.2.1'],
    ] as const) {
      await vi.waitFor(async () => {
        const asked = await host.start(['socat', '-T1', '-', `UDP:${address}:5354`], { input: 'ping' });
        expect(asked.stdout).toBe('ping');
      });
    }
  });

  it('is one for each that is exposed, with -P', async () => {
    await world.background('all', ['--network', 'front', '-P', '--expose', '80', '--expose', '81/udp'], SERVER);
    const free = await portOf('all', '80/tcp');
    expect(free).toBeGreaterThan(1024);
    expect(await world.store.ok(['port', 'all', '81/udp'])).toMatch(/^0\.0\.0\.0:\d+\n\[::\]:\d+\n$/);
    await vi.waitFor(async () => expect(await heard(`TCP:192.0.2.1:${free}`, world.outside)).toBe('from 192.0.2.2'));
  });
});

describe('a port', () => {
  it('that somebody has is told before anything runs', async () => {
    const end = await world.machine.serve(8090);
    const wanted = ['run', '--rm', '--pull', 'never', '--network', 'front', '-p', '8090:80', 'net', 'true'];
    expectFailure(await world.store.rcx(wanted), 125, /publish a port: 0\.0\.0\.0:8090\/tcp: .*EADDRINUSE/);
    end();
    expect(await world.store.ok(['ps', '-aq'])).toBe('');
    await server('first', '8091:80');
    const second = wanted.map((word) => word.replace('8090', '8091'));
    expectFailure(await world.store.rcx(second), 125, /0\.0\.0\.0:8091\/tcp/);
    await world.store.ok(['stop', '-t', '0', 'first']);
    await world.store.ok(second);
    expect(await world.store.ok(['port', 'first'])).toBe('');
    await world.store.ok(['start', 'first']);
    expect(await portOf('first', '80')).toBe(8091);
  });

  it('is free, with all that belongs to the container, at once when its monitor is killed', async () => {
    await server('killed', '8092:80');
    const id = (await world.store.ok(['inspect', '-f', '{{.Id}}', 'killed'])).trim();
    const monitor = readdirSync('/proc').find(
      (pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`containers/${id}`),
    );
    process.kill(Number(monitor), 'SIGKILL');
    const next = ['run', '--rm', '--pull', 'never', '--network', 'front', '-p', '8092:80', 'net', 'true'];
    await vi.waitFor(async () => expect((await world.store.rcx(next)).exitCode).toBe(0));
    await world.store.ok(['rm', '-f', 'killed']);
    await isAsBefore(world, before);
  });

  it.each([
    [['-p', '80/sctp'], /SCTP ports cannot be published/],
    [['-p', '0:0'], /write it as/],
    [['-p', '8080-8081:80-82'], /ranges have to be of the same length/],
    [['-p', '300.0.0.1:80:80'], /an address of this machine/],
    [['-p', '192.0.2.77:80:80'], /EADDRNOTAVAIL.*this machine has no such address/],
    [['-p', '80:80', '--network', 'host'], /port publishing and the network mode/],
    [['-P', '--network', 'none'], /port publishing and the network mode/],
  ])('is refused as %j', async (flags, message) => {
    expectFailure(await world.store.rcx(['run', '--rm', '--pull', 'never', ...flags, 'net', 'true']), 125, message);
    expect(await world.store.ok(['ps', '-aq'])).toBe('');
  });
});

it('of ports nothing is left', () => isAsBefore(world, before));

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
