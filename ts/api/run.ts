import { newId } from '../container/create.ts';
import type { Engine as Core } from '../engine.ts';
import { collect } from './collect.ts';
import { coreOf } from './core.ts';
import { Engine } from './engine.ts';
import { flag, invalidOption, text } from './options/check.ts';
import { readContainerSettings } from './options/container.ts';
import { checkKnown, readCommand, readOutput, readPull, readStreams, readTimes } from './options/program.ts';
import type { ContainerSettings, RunOptions, SourceOptions, SpawnOptions } from './options/types.ts';
import { type ImageOrRoot, prepareContainer, type WantedContainer } from './prepareContainer.ts';
import { Program, stdioOf } from './program.ts';
import type { RunResult } from './result.ts';
import { SpawnedContainer } from './spawned.ts';

/**
 * Runs a program in a new container and waits for its end. An image that is missing is pulled. The container dies with this process, and
 * is removed afterwards unless `autoRemove` is false.
 * @param image name or id of an image, or a directory to be the root: `{ rootfs: '/srv/root' }`
 * @param command program and arguments; the image's own when left out
 * @returns also when the exit code is not 0
 * @throws RunError when the program could not be run, had no more time, wrote too much or was aborted
 */
export async function run(
  image: ImageOrRoot,
  command: readonly string[] | undefined,
  options: RunOptions & { encoding: 'buffer' },
): Promise<RunResult<Buffer>>;
export async function run(image: ImageOrRoot, command?: readonly string[], options?: RunOptions): Promise<RunResult>;
export async function run(
  image: ImageOrRoot,
  command: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunResult<string | Buffer>> {
  checkKnown(options, 'run');
  const [output, times] = [readOutput(options), readTimes(options)];
  const { core, wanted } = read(image, command, options, false);
  const stdio = stdioOf(output.streams);
  return await collect(subjectOf(image), (signal) => prepareContainer(core, wanted, stdio, signal), times, output);
}

/**
 * Runs a program in a new container, which is there at once; its streams are, too, and everything else waits until the program runs.
 * The container dies with this process unless it is detached.
 * @param image as of {@link run}
 * @throws RcxError with ERR_RCX_INVALID_OPTION; all other failures are those of `started`, `wait()` and the streams
 */
export function spawn(
  image: ImageOrRoot,
  command: readonly string[] = [],
  options: SpawnOptions = {},
): SpawnedContainer {
  checkKnown(options, 'spawn');
  const detached = flag(options.detached ?? false, 'detached');
  if (detached && options.timeout !== undefined)
    throw invalidOption(
      'timeout',
      options.timeout,
      'a detached container has no time limit: it may outlive this process',
    );
  const streams = readStreams(options, detached ? 'ignore' : 'pipe');
  const { core, wanted } = read(image, command, options, detached);
  const program = new Program(
    subjectOf(image),
    (stdio, signal) => prepareContainer(core, wanted, stdio, signal),
    streams,
    options,
  );
  const isAlone = Object.values(streams).every((mode) => mode === 'ignore');
  return new SpawnedContainer(core, wanted.id, program, detached ? (isAlone ? 'left' : 'detached') : 'attached');
}

/** What a monitor does, which stays with detached containers. */
const DETACHED_ONLY = ['restart', 'log', 'healthcheck'] as const;

/** What is wanted, and where. @throws ERR_RCX_INVALID_OPTION */
export function read(
  image: ImageOrRoot,
  command: readonly string[],
  options: ContainerSettings & SourceOptions,
  detached: boolean,
): { core: Core; wanted: WantedContainer } {
  const foreign = detached ? undefined : DETACHED_ONLY.find((name) => options[name] !== undefined);
  if (foreign !== undefined)
    throw invalidOption(foreign, options[foreign], 'only a detached container has somebody who sees to it');
  const settings = { autoRemove: !detached, ...readContainerSettings(options), command: readCommand(command) };
  const pull = readPull(options.pull ?? 'missing', 'pull');
  if (options.engine !== undefined && !(options.engine instanceof Engine))
    throw invalidOption('engine', String(options.engine), 'it is an Engine');
  const wanted = { id: newId(), image: readImage(image), options: settings, pull, detached };
  return { core: coreOf(options.engine ?? new Engine()), wanted };
}

function readImage(image: unknown): ImageOrRoot {
  if (typeof image === 'string') return text(image, 'image');
  const { rootfs } = (image ?? {}) as { rootfs?: unknown };
  if (typeof rootfs !== 'string') throw invalidOption('image', image, 'it is a name, an id, or { rootfs: DIRECTORY }');
  return { rootfs: text(rootfs, 'image.rootfs') };
}

function subjectOf(image: ImageOrRoot): string {
  return typeof image === 'string' ? image : image.rootfs;
}
