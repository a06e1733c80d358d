import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectFailure } from '../support/cli.ts';
import { makeWorld, type NetworkWorld } from '../support/networks.ts';
import { isRunning, waitUntil } from '../support/processes.ts';

let world: NetworkWorld;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

/** What a server says, asked from a container. */
const ask = (address: string) =>
  world.run([], ['bash', '-c', `socat -T3 - ${address},connect-timeout=2 2>&1 | sed 's/.*: //'; true`]);

/** Passes on what goes out. */
const passer = () =>
  JSON.parse(readFileSync(join(world.store.env.RCX_RUN ?? '', 'outside.json'), 'utf8')).pid as number;

describe('what goes out of the networks of an ordinary user', () => {
  it('reaches others as what any program of his sends', async () => {
    const [end4, end6] = [await world.outside.serve(80), await world.outside.serve(80, '6')];
    expect(await ask('TCP:192.0.2.2:80')).toBe('from 192.0.2.1\n');
    end4();
    end6();
  });

  it('is refused where it is refused outside, and unreachable where that is so', async () => {
    expect(await ask('TCP:192.0.2.2:81')).toMatch(/Connection refused/);
    await world.machine.ok(['ip', 'route', 'add', 'unreachable', '198.51.100.0/24']);
    expect(await ask('TCP:198.51.100.1:80')).toMatch(/No route to host|unreachable/);
    // Nobody answers for it.
    expect(await ask('TCP:192.0.2.99:80')).toMatch(/No route to host|timed out/);
  });

  it('reaches this machine, but not what serves its loopback alone', async () => {
    const end = await world.machine.serve(82);
    expect(await ask('TCP:192.0.2.1:82')).toBe('from 192.0.2.1\n');
    end();
    const hidden = world.machine.start(['socat', 'TCP-LISTEN:83,bind=127.0.0.1,fork', 'SYSTEM:echo hidden']);
    await vi.waitFor(async () => expect(await world.machine.hear('TCP:127.0.0.1:83')).toBe('hidden'));
    expect(await ask('TCP:192.0.2.1:83')).toMatch(/Connection refused/);
    hidden.kill();
  });

  it('carries many connections at once, and all of long ones, to the last byte', async () => {
    const server = world.outside.start(['socat', 'TCP-LISTEN:84,fork,reuseaddr', 'EXEC:sha256sum'], {
      timeout: 60_000,
    });
    await vi.waitFor(async () => expect(await world.machine.hear('TCP:192.0.2.2:84')).not.toBe(''));
    const script = `for i in $(seq 20); do (head -c 3000000 /dev/zero | socat -t10 - TCP:192.0.2.2:84) & done; wait`;
    const sums = (await world.run([], ['bash', '-c', script])).trim().split('\n');
    expect(sums).toHaveLength(20);
    const sum = createHash('sha256').update(Buffer.alloc(3_000_000)).digest('hex');
    expect(new Set(sums)).toEqual(new Set([`${sum}  -`]));
    server.kill();
  });

  it('are datagrams, too, of any size, and what is said when nobody hears them', async () => {
    const server = world.outside.start(['socat', '-b65536', 'UDP-LISTEN:85,fork,reuseaddr', 'EXEC:cat'], {
      timeout: 60_000,
    });
    const echo = (words: string) => world.run([], ['bash', '-c', `${words} | socat -b65536 -t2 - UDP:192.0.2.2:85`]);
    await vi.waitFor(async () => expect(await echo('printf small')).toBe('small'), { timeout: 10_000 });
    expect(await echo('head -c 8000 /dev/zero | tr "\\0" x')).toBe('x'.repeat(8000));
    server.kill();
    expect(
      await world.run([], ['bash', '-c', 'printf x | socat -t2 - UDP:192.0.2.2:86 2>&1 | sed "s/.*: //"']),
    ).toMatch(/Connection refused/);
  });

  it('are echo requests where the machine lets its users ask', async () => {
    await world.machine.ok(['sysctl', '-qw', 'net.ipv4.ping_group_range=0 2147483647']);
    const ping = `socket(my $s, 2, 3, 1) or die $!; my $p = pack('C2 n3 a4', 8, 0, 0, 7, 1, 'data');
      my $sum = 0; $sum += $_ for unpack('n*', $p); $sum = ($sum & 0xffff) + ($sum >> 16); substr($p, 2, 2) = pack('n', ~$sum & 0xffff);
      send($s, $p, 0, pack('S n C4 x8', 2, 0, 192, 0, 2, 2)) or die $!; alarm 5;
      recv($s, my $r, 100, 0); print join ' ', unpack('x20 C x3 n2 a4', $r);`;
    expect(await world.store.ok(['run', '--rm', 'ubuntu', 'perl', '-e', ping])).toBe('0 7 1 data');
  });

  it('goes on after whoever passes it on was killed, from the next start on', async () => {
    const end = await world.outside.serve(87);
    await world.background('stays', []);
    const from = () =>
      world.store.ok(['exec', 'stays', 'bash', '-c', 'socat -T3 - TCP:192.0.2.2:87,connect-timeout=2']);
    expect(await from()).toBe('from 192.0.2.1\n');
    const pid = passer();
    process.kill(pid, 'SIGKILL');
    await waitUntil(() => !isRunning(pid));
    expect(await ask('TCP:192.0.2.2:87')).toBe('from 192.0.2.1\n');
    expect(await from()).toBe('from 192.0.2.1\n');
    await world.store.ok(['rm', '-f', 'stays']);
    end();
  });
});

describe('ports of an ordinary user', () => {
  it('are those that the machine leaves to him', async () => {
    expectFailure(
      await world.store.rcx(['run', '--rm', '-p', '80:80', 'net', 'true']),
      125,
      /publish a port: 0\.0\.0\.0:80\/tcp: permission denied \(EACCES\); .*ip_unprivileged_port_start/,
    );
  });
});
