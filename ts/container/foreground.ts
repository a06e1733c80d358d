import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import type { PullEvent } from '../image/events.ts';
import { type ContainerRoot, createContainer } from './create.ts';
import { AttachedContainer } from './launch.ts';
import type { ContainerOptions } from './options.ts';
import { type PullPolicy, resolveForRun } from './resolveForRun.ts';
import { forwardSignals } from './signalForwarding.ts';
import { connectTerminal } from './terminal.ts';

/** Hears of a pull that a run needs first. */
export interface RunProgress {
  onEvent?: (event: PullEvent) => void;
  onMissing?: (reference: string) => void;
  /** The image is there, or will not be. */
  finish(): void;
}

/** What a foreground run is made of. */
export interface ForegroundRun {
  image: string;
  /** `image` is a directory. */
  rootfs: boolean;
  interactive: boolean;
  pull: PullPolicy;
  progress: RunProgress;
  options: ContainerOptions;
}

/** Runs a container in the foreground, connected to this process' own streams; returns its exit code. */
export async function runInForeground(engine: Engine, wanted: ForegroundRun): Promise<number> {
  const { options, interactive } = wanted;
  const terminal = options.tty === true;
  if (terminal && interactive && !process.stdin.isTTY) throw notATerminal();
  const stored = await createContainer(engine, () => findRoot(engine, wanted), options);
  const stdin = interactive ? 'inherit' : 'null';
  const container = await AttachedContainer.launch(engine, stored, { stdin, stdout: 'inherit', stderr: 'inherit' });
  const exit = container.wait();
  // Its failure is that of the start, which is awaited first.
  exit.catch(() => undefined);
  const release = terminal ? connectTerminal(container, interactive) : () => undefined;
  const stopForwarding = forwardSignals(container);
  try {
    await container.start();
    return (await exit).exitCode;
  } finally {
    stopForwarding();
    release();
  }
}

async function findRoot(
  engine: Engine,
  { image, rootfs, pull, options, progress }: ForegroundRun,
): Promise<ContainerRoot> {
  if (rootfs) return { rootfs: image };
  try {
    return await resolveForRun(engine, image, { policy: pull, platform: options.platform, ...progress });
  } finally {
    progress.finish();
  }
}

function notATerminal(): RcxError {
  return new RcxError('connect the terminal: stdin is not a terminal', {
    code: 'ERR_RCX_NOT_A_TERMINAL',
    step: 'connect the terminal',
    hint: 'leave out -t when input comes from a pipe or file',
  });
}
