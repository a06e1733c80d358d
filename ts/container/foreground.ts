import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import type { PullEvent } from '../image/events.ts';
import type { AttachOptions, LaunchPart } from '../native/index.ts';
import { createContainer } from './create.ts';
import { findRunning } from './find.ts';
import { findContainer } from './heal.ts';
import { MonitoredContainer } from './monitored.ts';
import type { ContainerRoot } from './newRecord.ts';
import type { ContainerOptions } from './options.ts';
import { reachFiles } from './reachFiles.ts';
import { type PullPolicy, resolveForRun } from './resolveForRun.ts';
import { forwardSignals } from './signalForwarding.ts';
import type { StoredContainer } from './store.ts';
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
  /** The streams that are connected; by default the output, and the input of one that is interactive. */
  attach?: readonly StreamName[] | undefined;
  /** Pass signals on; by default it is so. */
  sigProxy?: boolean | undefined;
  /** Hears the id where neither of the output's streams is connected. */
  onId?: ((id: string) => void) | undefined;
  detachKeys?: string | undefined;
  /** Hears how long each part of the launch took, where the options ask for it. */
  onTrace?: ((parts: readonly LaunchPart[]) => void) | undefined;
}

export type StreamName = 'stdin' | 'stdout' | 'stderr';

/** How this process is connected to a container. */
type Connection = Pick<ForegroundRun, 'interactive' | 'attach' | 'sigProxy' | 'detachKeys' | 'onTrace'>;

/** Docker's. */
export const DETACH_KEYS = 'ctrl-p,ctrl-q';
/** Exit code of a container whose end nobody has seen. */
const UNKNOWN = 255;

/** Runs a new container in the foreground, connected to this process' own streams; returns its exit code. */
export async function runInForeground(engine: Engine, wanted: ForegroundRun): Promise<number> {
  const { options, interactive, attach, onId } = wanted;
  const stdin = isAttached('stdin', wanted);
  if (options.tty === true && stdin && !process.stdin.isTTY) throw notATerminal();
  await reachFiles(engine, wanted, options);
  const created = { openStdin: interactive, stdinOnce: stdin, ...options };
  const stored = await createContainer(engine, () => findRoot(engine, wanted), created);
  if (attach !== undefined && !attach.some((stream) => stream !== 'stdin')) onId?.(stored.config.id);
  return await launchInForeground(engine, stored, wanted);
}

/**
 * Runs a container that was made before, connected to this process' own streams; one that runs already is attached to.
 * @param text name, id, or prefix of an id
 * @returns its exit code
 */
export async function startInForeground(engine: Engine, text: string, connection: Connection): Promise<number> {
  const stored = await findContainer(engine, text);
  const terminal = stored.config.request.spec.process.terminal;
  if (terminal && connection.interactive && !process.stdin.isTTY) throw notATerminal();
  if (stored.state.status !== 'running' && stored.state.status !== 'restarting')
    return await launchInForeground(engine, stored, connection);
  const { interactive: stdin, detachKeys } = connection;
  return await attachInForeground(engine, text, { stdin, sigProxy: true, detachKeys });
}

/**
 * Connects this process' own streams to a container that runs.
 * @returns its exit code; 0 when the user has left it
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_CONTAINER_PAUSED, ERR_RCX_NOT_A_TERMINAL
 */
export async function attachInForeground(
  engine: Engine,
  text: string,
  wanted: { stdin: boolean; sigProxy: boolean; detachKeys?: string | undefined },
): Promise<number> {
  const stored = await findRunning(engine, text, 'attach to the container');
  const { terminal } = stored.config.request.spec.process;
  const stdin = wanted.stdin && stored.config.openStdin;
  if (terminal && stdin && !process.stdin.isTTY) throw notATerminal();
  const streams = streamsOf(terminal, { interactive: stdin, detachKeys: wanted.detachKeys });
  const container = MonitoredContainer.attach(engine, stored, streams);
  containerEvent(engine.paths, stored.config, 'attach');
  return await follow(container, { terminal, stdin, sigProxy: wanted.sigProxy });
}

async function launchInForeground(engine: Engine, stored: StoredContainer, connection: Connection): Promise<number> {
  const { terminal } = stored.config.request.spec.process;
  const streams = streamsOf(terminal, connection);
  const container = await MonitoredContainer.launch(engine, stored, streams);
  containerEvent(engine.paths, stored.config, 'attach');
  const { sigProxy = true } = connection;
  const stdin = isAttached('stdin', connection);
  return await follow(container, { terminal, stdin, sigProxy }, () => startTraced(container, connection.onTrace));
}

/** Runs the program, and tells how its launch went. */
async function startTraced(container: MonitoredContainer, onTrace: ForegroundRun['onTrace']): Promise<void> {
  const parts = await container.start();
  if (parts.length > 0) onTrace?.(parts);
}

function isAttached(stream: StreamName, { interactive, attach }: Connection): boolean {
  const wanted = attach === undefined || attach.includes(stream);
  return wanted && (stream !== 'stdin' || interactive);
}

/** A terminal has both outputs in one. */
function streamsOf(terminal: boolean, connection: Connection): AttachOptions {
  const { detachKeys = DETACH_KEYS } = connection;
  const stream = (name: StreamName) => (isAttached(name, connection) ? 'inherit' : 'null');
  const stdio = {
    stdin: stream('stdin'),
    stdout: stream('stdout'),
    stderr: terminal ? 'null' : stream('stderr'),
  } as const;
  return { stdio, ...(terminal && stdio.stdin === 'inherit' && { detachKeys }) };
}

/** Passes signals and the window's size on until the container has ended or the user has left it. */
async function follow(
  container: MonitoredContainer,
  { terminal, stdin, sigProxy }: { terminal: boolean; stdin: boolean; sigProxy: boolean },
  start: () => Promise<void> = async () => undefined,
): Promise<number> {
  const end = container.wait();
  // Its failure is that of the start, which is awaited first.
  end.catch(() => undefined);
  const release = terminal ? connectTerminal(container, stdin) : () => undefined;
  // On its way while this process gets ready to take signals for it.
  const started = start();
  const stopForwarding = sigProxy ? forwardSignals(container, terminal ? ['SIGHUP'] : []) : () => undefined;
  // The window was closed, and nobody can be at the container's terminal any more: it goes on without.
  const leave = () => container.detach();
  if (terminal) process.on('SIGHUP', leave);
  try {
    await started;
    const done = await end;
    return done.how === 'ended' ? (done.exitCode ?? UNKNOWN) : 0;
  } finally {
    stopForwarding();
    process.off('SIGHUP', leave);
    release();
  }
}

/** The root that a container is to have; an image that is missing is pulled. */
export async function findRoot(
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

/** Input that is no terminal's cannot be one's. */
export function notATerminal(): RcxError {
  return new RcxError('connect the terminal: stdin is not a terminal', {
    code: 'ERR_RCX_NOT_A_TERMINAL',
    step: 'connect the terminal',
    hint: 'leave out -t when input comes from a pipe or file',
  });
}
