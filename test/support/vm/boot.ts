import { readFile } from 'node:fs/promises';
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

/** An initramfs is a ramfs where a kernel is told of a root to be mounted later, as most are; else it would be a tmpfs. */
const KERNEL_ARGUMENTS = 'console=ttyS0 quiet panic=-1 rootfstype=ramfs';

/**
 * Runs a machine to its end.
 * @param scratch folder for what it says, of this machine alone
 * @param more for the kernel
 */
export async function boot(scratch: string, { kernel, initramfs, disk }: MachineParts, more = ''): Promise<Boot> {
  const [log, results] = ['console', 'results'].map((name) => join(scratch, name)) as [string, string];
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
    { stdin: 'ignore', reject: false, timeout: PATIENCE_MS, killSignal: 'SIGKILL' },
  );
  // A machine that does not even begin says why on stderr.
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const said = `${run.stderr}${await read(log)}`;
  return { ...parseResults(await read(results)), console: said };
}
