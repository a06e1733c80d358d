import { constants } from 'node:os';
import { createContainer } from '../ts/container/create.ts';
import { AttachedContainer } from '../ts/container/launch.ts';
import type { ContainerOptions } from '../ts/container/options.ts';
import { type PullPolicy, resolveForRun } from '../ts/container/resolveForRun.ts';
import type { Engine } from '../ts/engine.ts';
import { RcxError } from '../ts/errors.ts';
import { native } from '../ts/native/index.ts';
import type { PullProgress } from './output/progress.ts';

/** What a foreground run is made of. */
export interface AttachedRun {
  image: string;
  /** `image` is a directory. */
  rootfs: boolean;
  interactive: boolean;
  pull: PullPolicy;
  progress: PullProgress;
  options: ContainerOptions;
}

/** Runs a container in the foreground, connected to this process' own streams; returns its exit code. */
export async function runAttached(engine: Engine, wanted: AttachedRun): Promise<number> {
  const { options, interactive } = wanted;
  const terminal = options.tty === true;
  if (terminal && interactive && !process.stdin.isTTY) throw notATerminal();
  const root = wanted.rootfs
    ? { rootfs: wanted.image }
    : await resolveForRun(engine, wanted.image, {
        policy: wanted.pull,
        platform: options.platform,
        ...wanted.progress,
      });
  wanted.progress.finish();
  const stored = await createContainer(engine, root, options);
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

/** Raw mode and window size; the function returned undoes it, and so does every other way out of the process. */
function connectTerminal(container: AttachedContainer, interactive: boolean): () => void {
  const addon = native();
  const resize = () => {
    const [columns, rows] = process.stdout.isTTY ? process.stdout.getWindowSize() : [80, 24];
    container.resize(rows, columns);
  };
  const restore = () => addon.restoreTerminal();
  resize();
  process.stdout.on('resize', resize);
  process.on('exit', restore);
  if (interactive) addon.makeTerminalRaw();
  return () => {
    process.stdout.off('resize', resize);
    restore();
    process.off('exit', restore);
  };
}

/** Not ours to forward: they cannot be caught, report this process' own faults or its terminal, or stop it. */
const KEPT = new Set(
  [
    'KILL',
    'STOP',
    'CHLD',
    'WINCH',
    'PIPE',
    'URG',
    'PROF',
    'VTALRM',
    'SEGV',
    'BUS',
    'ILL',
    'FPE',
    'TRAP',
    'ABRT',
    'SYS',
    'TSTP',
    'TTIN',
    'TTOU',
  ].map((name) => `SIG${name}`),
);

/** Passes signals on to the container, whose program decides what they mean, as `docker run` does. */
function forwardSignals(container: AttachedContainer): () => void {
  const numbers = new Set<number>();
  const handlers: [NodeJS.Signals, () => void][] = [];
  for (const [name, number] of Object.entries(constants.signals)) {
    if (KEPT.has(name) || numbers.has(number)) continue;
    numbers.add(number);
    const handler = () => container.kill(number);
    process.on(name as NodeJS.Signals, handler);
    handlers.push([name as NodeJS.Signals, handler]);
  }
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}

function notATerminal(): RcxError {
  return new RcxError('connect the terminal: stdin is not a terminal', {
    code: 'ERR_RCX_NOT_A_TERMINAL',
    step: 'connect the terminal',
    hint: 'leave out -t when input comes from a pipe or file',
  });
}
