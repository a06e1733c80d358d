import { Socket } from 'node:net';
import { Engine } from '../engine.ts';
import { isOutside } from '../rootless/caller.ts';
import { createContainer } from './create.ts';
import { AttachedContainer } from './launch.ts';
import type { ContainerOptions } from './options.ts';
import { reachFiles } from './reachFiles.ts';
import { resolveForRun } from './resolveForRun.ts';
import { signalName } from './signals.ts';

/** Options of {@link run}. */
export interface RunOptions extends Omit<ContainerOptions, 'command' | 'tty'> {
  /** What the program reads; nothing when left out. */
  input?: string | Uint8Array | undefined;
  /** When to pull the image. */
  pull?: 'missing' | 'always' | 'never' | undefined;
  engine?: Engine | undefined;
}

/** What became of a container. */
export interface RunResult {
  exitCode: number;
  /** Name of the signal that killed the program. */
  signal?: string;
  stdout: string;
  stderr: string;
  /** Milliseconds from the call to the end. */
  durationMs: number;
}

/**
 * Runs a program in a new container of this process and waits for its end. The container is removed afterwards unless
 * `autoRemove` is false, and dies with this process.
 * @throws RcxError when it could not be run; an exit code other than 0 is a result, not an error
 */
export async function run(image: string, command: string[] = [], options: RunOptions = {}): Promise<RunResult> {
  const begin = performance.now();
  const engine = options.engine ?? new Engine();
  const { pull = 'missing' } = options;
  // Only a monitor, which is in the user's namespace, could have his networks furnished.
  const network = options.network ?? (isOutside() ? 'none' : undefined);
  await reachFiles(engine, { image, rootfs: false, pull }, options);
  const root = () => resolveForRun(engine, image, { policy: options.pull, platform: options.platform });
  const stored = await createContainer(engine, root, { autoRemove: true, ...options, network, command });
  const stdin = options.input === undefined ? 'null' : 'pipe';
  const container = await AttachedContainer.launch(engine, stored, { stdin, stdout: 'pipe', stderr: 'pipe' });
  const pipes = container.takePipes();
  const output = Promise.all([readAll(pipes.stdout), readAll(pipes.stderr)]);
  const exit = container.wait();
  // Its failure is that of the start, which is awaited first.
  exit.catch(() => undefined);
  if (pipes.stdin !== undefined) feed(pipes.stdin, options.input ?? '');
  await container.start();
  const [{ exitCode, signal }, [stdout, stderr]] = await Promise.all([exit, output]);
  const durationMs = performance.now() - begin;
  return { exitCode, ...(signal === undefined ? {} : { signal: signalName(signal) }), stdout, stderr, durationMs };
}

/** Reads a pipe to its end as UTF-8 and closes it. */
async function readAll(fd: number | undefined): Promise<string> {
  if (fd === undefined) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of new Socket({ fd, readable: true, writable: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Writes everything and closes. A program that does not read it all has its reasons: EPIPE is no failure. */
function feed(fd: number, input: string | Uint8Array): void {
  const pipe = new Socket({ fd, readable: false, writable: true });
  pipe.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') pipe.destroy();
  });
  pipe.end(input);
}
