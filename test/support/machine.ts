import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { execa } from 'execa';
import { vi } from 'vitest';

/** A network namespace that stands for a host, as long as a process is in it. */
export class NetworkHost {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async make(): Promise<NetworkHost> {
    const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
    await once(holder, 'spawn');
    const own = readlinkSync('/proc/self/ns/net');
    const isApart = () => {
      if (readlinkSync(`/proc/${holder.pid}/ns/net`) === own) throw new Error('it is in this namespace still');
    };
    await vi.waitFor(isApart, { interval: 5 });
    const host = new NetworkHost(holder);
    await host.ok(['ip', 'link', 'set', 'lo', 'up']);
    // Inherited from the machine that runs the tests.
    await host.ok(['sysctl', '-qw', 'net.ipv4.ip_forward=0', 'net.ipv6.conf.all.forwarding=0']);
    return host;
  }

  get pid(): number {
    return this.#holder.pid ?? 0;
  }

  /** The words that a command on it begins with. */
  get words(): [string, ...string[]] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--'];
  }

  /** Starts a command on it. */
  start(command: readonly string[], options: { timeout?: number; input?: string } = {}) {
    const [program, ...args] = [...this.words, ...command] as [string, ...string[]];
    return execa(program, args, { input: '', timeout: 20_000, ...options, reject: false });
  }

  /** Runs one, which must succeed; returns stdout. */
  async ok(command: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.start(command);
    if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${exitCode}\n${stderr}`);
    return stdout;
  }

  /** Serves at a port: every client is told its own address. Returns what ends it. */
  async serve(port: number, family: '4' | '6' = '4'): Promise<() => void> {
    const address = `TCP${family}-LISTEN:${port},fork,reuseaddr`;
    const server = this.start(['socat', address, 'SYSTEM:echo from $SOCAT_PEERADDR'], { timeout: 110_000 });
    await vi.waitFor(async () => {
      const { stdout } = await this.start(['ss', '-Hltn', `sport = :${port}`]);
      if (stdout === '') throw new Error(`nobody listens at port ${port}`);
    });
    return () => void server.kill();
  }

  /** What a server at an address says; empty when it is not reached. */
  async hear(address: string): Promise<string> {
    const { stdout } = await this.start(['socat', '-T3', '-', `${address},connect-timeout=2`]);
    return stdout.trim();
  }

  async end(): Promise<void> {
    this.#holder.kill('SIGKILL');
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) await once(this.#holder, 'close');
  }
}

/** The machine that rcx runs on, `192.0.2.1` and `2001:db8:2::1`, and the way out of it. */
export async function makeMachine(): Promise<{ machine: NetworkHost; outside: NetworkHost; end(): Promise<void> }> {
  const [machine, outside] = [await NetworkHost.make(), await NetworkHost.make()];
  await joinHosts(machine, outside, 2);
  await machine.ok(['ip', 'route', 'add', 'default', 'via', '192.0.2.2']);
  await machine.ok(['ip', '-6', 'route', 'add', 'default', 'via', '2001:db8:2::2']);
  return { machine, outside, end: async () => void (await Promise.all([machine.end(), outside.end()])) };
}

/** Joins another host to the machine: `192.0.N.1` and `192.0.N.2`, `2001:db8:N::1` and `2001:db8:N::2`. */
export async function joinHosts(machine: NetworkHost, other: NetworkHost, number: number): Promise<void> {
  const peer = ['peer', 'name', 'eth0', 'netns', String(other.pid)];
  await machine.ok(['ip', 'link', 'add', `up${number}`, 'type', 'veth', ...peer]);
  for (const [host, device, last] of [
    [machine, `up${number}`, 1],
    [other, 'eth0', 2],
  ] as const) {
    await host.ok(['ip', 'addr', 'add', `192.0.${number}.${last}/24`, 'dev', device]);
    await host.ok(['ip', 'addr', 'add', `2001:db8:${number}::${last}/64`, 'dev', device, 'nodad']);
    await host.ok(['ip', 'link', 'set', device, 'up']);
  }
}
