import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure } from '../support/cli.ts';
import { joinHosts, NetworkHost } from '../support/machine.ts';
import { isAsBefore, type Left, makeWorld, type NetworkWorld } from '../support/networks.ts';

let world: NetworkWorld;
let before: Left;
beforeAll(async () => {
  world = await makeWorld();
  before = await world.left();
});
afterAll(() => world.close());

/** What a server says, asked from a container. */
const ask = (flags: string[], address: string) =>
  world.run(flags, ['bash', '-c', `socat -T3 - ${address},connect-timeout=2 || true`]);

describe('root’s default network', () => {
  it('leads out under the machine’s address, and nothing leads in', async () => {
    const end = await world.outside.serve(80);
    expect(await ask([], 'TCP:192.0.2.2:80')).toBe('from 192.0.2.1\n');
    const name = await world.background('inner', [], ['socat', 'TCP-LISTEN:80,fork,reuseaddr', 'SYSTEM:echo inside']);
    const address = (await world.store.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', name])).trim();
    expect(await world.machine.hear(`TCP:${address}:80`)).toBe('inside');
    await world.outside.ok(['ip', 'route', 'add', `${address}/32`, 'via', '192.0.2.1']);
    expect(await world.outside.hear(`TCP:${address}:80`)).toBe('');
    await world.store.ok(['rm', '-f', name]);
    end();
  });

  it('is there for containers with a user namespace, too', async () => {
    const end = await world.outside.serve(81);
    const userns = ['--uidmap', '0:400000:65536'];
    expect(await ask(userns, 'TCP:192.0.2.2:81')).toBe('from 192.0.2.1\n');
    end();
  });

  it('does not make the machine a router for its neighbours', async () => {
    await world.run([], ['true']);
    // It forwards for containers: otherwise nothing would pass anyway.
    expect(await world.machine.ok(['sysctl', '-n', 'net.ipv4.ip_forward'])).toBe('1');
    const third = await NetworkHost.make();
    try {
      await joinHosts(world.machine, third, 3);
      await world.outside.ok(['ip', 'route', 'add', '192.0.3.0/24', 'via', '192.0.2.1']);
      await third.ok(['ip', 'route', 'add', 'default', 'via', '192.0.3.1']);
      const end = await third.serve(80);
      expect(await world.machine.hear('TCP:192.0.3.2:80')).toBe('from 192.0.3.1');
      expect(await world.outside.hear('TCP:192.0.3.2:80')).toBe('');
      end();
    } finally {
      await third.end();
    }
  });

  it('is made again when somebody has emptied the packet filter', async () => {
    const end = await world.outside.serve(82);
    await world.machine.ok(['nft', 'flush', 'ruleset']);
    expect(await ask([], 'TCP:192.0.2.2:82')).toBe('from 192.0.2.1\n');
    end();
  });
});

describe('other networks', () => {
  it('have IPv6 where it is asked for', async () => {
    await world.store.ok(['network', 'create', '--ipv6', 'six']);
    const end = await world.outside.serve(86, '6');
    expect(await ask(['--network', 'six'], 'TCP6:[2001:db8:2::2]:86')).toMatch(/^from \[?2001:0?db8:0?0?0?2:.*1\]?\n$/);
    end();
    await world.store.ok(['network', 'rm', 'six']);
  });

  it('reach neither each other nor, with --internal, anything else', async () => {
    const server = ['socat', 'TCP-LISTEN:80,fork,reuseaddr', 'SYSTEM:echo reached'];
    for (const name of ['left', 'right']) {
      await world.store.ok(['network', 'create', name]);
      await world.background(`${name}-server`, ['--network', name], server);
    }
    await world.store.ok(['network', 'create', '--internal', 'closed']);
    const [left, right] = await Promise.all(
      ['left-server', 'right-server'].map(async (name) =>
        (await world.store.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', name])).trim(),
      ),
    );
    expect(await ask(['--network', 'left'], `TCP:${left}:80`)).toBe('reached\n');
    expect(await ask(['--network', 'left'], `TCP:${right}:80`)).toBe('');
    expect(await ask(['--network', 'closed'], `TCP:${right}:80`)).toBe('');
    const end = await world.outside.serve(87);
    expect(await ask(['--network', 'closed'], 'TCP:192.0.2.2:87')).toBe('');
    end();
    await world.store.ok(['rm', '-f', 'left-server', 'right-server']);
    await world.store.ok(['network', 'rm', 'left', 'right', 'closed']);
  });

  it('may be namespaces that exist', async () => {
    const inside = await world.run(['--network', `ns:/proc/${world.outside.pid}/ns/net`], ['ip', '-4', 'addr']);
    expect(inside).toMatch(/192\.0\.2\.2\/24/);
    const none = await world.store.rcx(['run', '--rm', '--pull', 'never', '--network', 'ns:/no/such', 'net', 'true']);
    expectFailure(none, 125, /open the namespace: \/no\/such/);
    const wrong = ['run', '--rm', '--pull', 'never', '--network', 'ns:/proc/self/ns/uts', 'net', 'true'];
    expectFailure(await world.store.rcx(wrong), 125, /it is another one/);
  });
});

it('of removed networks nothing is left', async () => {
  await world.store.ok(['network', 'rm', 'bridge']);
  await world.machine.ok(['ip', 'link', 'del', 'up3']).catch(() => undefined);
  await isAsBefore(world, before);
});
