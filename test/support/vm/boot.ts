import { constants, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { type CheckResult, parseResults } from './results.ts';

/** What a machine is made of, as paths of files. */
export interface MachineParts {
  kernel: string;
  initramfs: string;
  disk: string;
}

/** How a machine's life went. */
export interface Boot {
  /** By name of the check. */
  results: Record<string, CheckResult>;
  /** It did everything it was to do. */
  finished: boolean;
  /** What kernel and scripts said. */
  console: string;
}

/** A few times what it takes on a machine that has two processors and nothing else to do. */
const PATIENCE_MS = 600_000;

/**
 * An initramfs is a ramfs where a kernel is told of a root to be mounted later, as most are; else it would be a tmpfs. Warnings are said,
 * as they come with where the kernel was.
 */
const KERNEL_ARGUMENTS = 'console=ttyS0 quiet loglevel=5 panic=-1 rootfstype=ramfs';

/** What the kernel says when its processors wait for each other for ever. */
const LOCK_UP = /watchdog: BUG: soft lockup/g;
/** Once or twice a busy host is enough for it. */
const FOR_EVER = 4;
const LOOK_MS = 5000;

/**
 * Runs a machine to its end. One whose emulated processors wait for each other for ever (seen once in dozens of runs, with two threads of
 * the emulator) is started anew, once, which is said.
 * @param scratch folder for what it says, of this machine alone
 * @param more for the kernel
 */
export async function boot(scratch: string, parts: MachineParts, more = ''): Promise<Boot> {
  const fresh = join(scratch, 'fresh.ext4');
  await copyFile(parts.disk, fresh, constants.COPYFILE_FICLONE);
  const first = await bootOnce(scratch, parts, more);
  if (first.finished || !isLockedUp(first.console)) return first;
  process.stderr.write(
    `vm: the machine's processors have locked up, so it is started anew; it said:\n${first.console}\n`,
  );
  return await bootOnce(scratch, { ...parts, disk: fresh }, more);
}

function isLockedUp(said: string): boolean {
  return (said.match(LOCK_UP) ?? []).length >= FOR_EVER;
}

async function bootOnce(scratch: string, { kernel, initramfs, disk }: MachineParts, more: string): Promise<Boot> {
  const [log, results] = ['console', 'results'].map((name) => join(scratch, name)) as [string, string];
  const stuck = new AbortController();
  const look = setInterval(async () => {
    if (isLockedUp(await readFile(log, 'utf8').catch(() => ''))) stuck.abort();
  }, LOOK_MS);
  const run = await execa(
    'qemu-system-x86_64',
    [
      // Emulated: where tests run there often is no KVM, or one that does not work.
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1024'],
      ...['-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-kernel', kernel, '-initrd', initramfs, '-append', `${KERNEL_ARGUMENTS} ${more}`],
      ...['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`],
      // Files: to a pipe that is full for a moment, because the reader is busy, the emulator loses characters.
      ...['-serial', `file:${log}`, '-serial', `file:${results}`],
    ],
    { stdin: 'ignore', reject: false, timeout: PATIENCE_MS, killSignal: 'SIGKILL', cancelSignal: stuck.signal },
  ).finally(() => clearInterval(look));
  // A machine that does not even begin says why on stderr.
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const said = `${run.stderr}${await read(log)}`;
  return { ...parseResults(await read(results)), console: said };
}
