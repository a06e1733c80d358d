import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const shell = (flags: string[], script: string) => store.ok(['run', '--rm', ...flags, 'ubuntu', 'bash', '-c', script]);

/** Asks the test registry on the host's loopback; prints its status line. */
function askRegistry(): string {
  const [host, port] = inject('e2e').registry.split(':');
  return `exec 3<>/dev/tcp/${host}/${port} && printf 'GET /v2/ HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3`;
}

/** Listens and connects to itself. */
const LOOPBACK = `use IO::Socket::INET;
my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 80) or die $!;
my $client = IO::Socket::INET->new("127.0.0.1:80") or die $!;
print "connected\\n";`;

describe('--network none', () => {
  it('has a loopback device that is up, and nothing else', async () => {
    const script = 'ls /sys/class/net; tail -n +3 /proc/net/dev | cut -d: -f1; cat /sys/class/net/lo/operstate';
    expect(await shell(['--network', 'none'], script)).toMatch(/^lo\n +lo\n(unknown|up)\n$/);
    expect(await store.ok(['run', '--rm', '--network', 'none', 'ubuntu', 'perl', '-e', LOOPBACK])).toBe('connected\n');
  });

  it('lets an ordinary user listen below port 1024', async () => {
    expect(await store.ok(['run', '--rm', '-u', '9999', 'ubuntu', 'perl', '-e', LOOPBACK])).toBe('connected\n');
  });

  it('cannot reach the host', async () => {
    const outcome = await store.rcx(['run', '--rm', '--network', 'none', 'ubuntu', 'bash', '-c', askRegistry()]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('Connection refused') });
  });
});

describe('--network host', () => {
  it('is the host’s own network', async () => {
    expect(await shell(['--network', 'host'], askRegistry())).toBe('HTTP/1.0 200 OK\r\n');
    const devices = (text: string) =>
      text
        .split('\n')
        .slice(2)
        .map((line) => line.split(':')[0]);
    const inside = await shell(['--network', 'host'], 'cat /proc/net/dev');
    expect(devices(inside)).toEqual(devices(readFileSync('/proc/net/dev', 'utf8')));
  });

  it('has the host’s name and hosts, and cannot change the name', async () => {
    expect(await shell(['--network', 'host'], 'hostname; cat /etc/hosts')).toBe(
      `${hostname()}\n${readFileSync('/etc/hosts', 'utf8')}`,
    );
    const outcome = await store.rcx(['run', '--rm', '--network', 'host', 'ubuntu', 'hostname', 'other']);
    expect(outcome.exitCode).not.toBe(0);
  });
});

describe('names', () => {
  it('are added by --add-host', async () => {
    const script = 'getent hosts db | tr -s " "; getent hosts six | tr -s " "';
    expect(await shell(['--add-host', 'db:10.0.0.2', '--add-host', 'six:fd00::6'], script)).toBe(
      '10.0.0.2 db\nfd00::6 six\n',
    );
  });

  it('are asked for at the servers that --dns says, else at the host’s', async () => {
    const config = 'cat /etc/resolv.conf';
    expect(await shell(['--dns', '192.0.2.1', '--dns', 'fd00::53'], config)).toBe(
      'nameserver 192.0.2.1\nnameserver fd00::53\n',
    );
    expect(await shell([], config)).toBe(readFileSync('/etc/resolv.conf', 'utf8'));
  });

  it('know the host as localhost', async () => {
    expect(await shell([], 'getent hosts localhost; grep -m1 localhost /etc/hosts')).toMatch(
      /^::1 +localhost.*\n127\.0\.0\.1\s+localhost\n/,
    );
  });

  it('can be written by the container without being the image’s', async () => {
    expect(await shell([], 'echo "10.9.9.9 mine" >> /etc/hosts && getent hosts mine | tr -s " "')).toBe(
      '10.9.9.9 mine\n',
    );
    expect(await shell([], 'getent hosts mine || echo unknown')).toBe('unknown\n');
  });
});

describe('bad values', () => {
  it.each([
    [['--network', 'bridged'], /network.*bridged/],
    [['--add-host', 'no-address'], /--add-host.*no-address/],
    [['--add-host', 'db:not-an-address'], /--add-host.*not-an-address/],
    [['--dns', 'dns.example'], /--dns.*dns\.example/],
  ])('%j are refused', async (flags, message) => {
    expectFailure(await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'true']), 125, message);
  });
});
