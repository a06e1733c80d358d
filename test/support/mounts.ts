import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A mount namespace of a test's own, so that no mount of it is ever on the host. */
export class MountSpace {
  readonly #holder: ReturnType<typeof hold>;

  private constructor(holder: ReturnType<typeof hold>) {
    this.#holder = holder;
  }

  /**
   * Opens a copy of the host's namespace that no longer hears of the host. Within it every mount is shared, as systemd sets
   * hosts up: what a runtime mounts and forgets to keep to itself turns up in {@link table}.
   */
  static async open(): Promise<MountSpace> {
    const holder = hold();
    await once(holder.stdout, 'data');
    return new MountSpace(holder);
  }

  /** Program and arguments that run `command` in the namespace. */
  enter(command: readonly string[]): [string, string[]] {
    return ['nsenter', [`--mount=/proc/${this.#holder.pid}/ns/mnt`, '--', ...command]];
  }

  /** Runs a command in the namespace; returns stdout. */
  async run(...command: string[]): Promise<string> {
    return (await execa(...this.enter(command))).stdout;
  }

  /** The same path as this process sees it. */
  outside(path: string): string {
    return `/proc/${this.#holder.pid}/root${path}`;
  }

  /** Its mount table: mount point, propagation, type, source and options of each mount. */
  async table(): Promise<string[]> {
    const text = await readFile(`/proc/${this.#holder.pid}/mountinfo`, 'utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    // The first three fields are numbers of the kernel's own choice.
    return lines.map((line) => line.split(' ').slice(3).join(' '));
  }

  /** Ends the namespace, and with it all its mounts. */
  async close(): Promise<void> {
    this.#holder.kill('SIGKILL');
    await this.#holder;
  }
}

function hold() {
  // A mount of another test would be in the copy, until that test removes the directory and the kernel with it the mount.
  const others = `awk -v own=${join(tmpdir(), 'rcx-')} 'index($5, own) == 1 { print $5 }' /proc/self/mountinfo`;
  const script = `${others} | xargs -r -n 1 umount --lazy; mount --make-rshared / && echo ready && exec sleep infinity`;
  return execa('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    reject: false,
    buffer: false,
  });
}
