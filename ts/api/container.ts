import type { Readable } from 'node:stream';
import type { Change } from '../container/diff.ts';
import type { ContainerInspect } from '../container/inspect.ts';
import type { LogEntry } from '../container/logs/entry.ts';
import type { LogOptions } from '../container/logs/read.ts';
import { startContainer } from '../container/start.ts';
import { killContainer, restartContainer, type StopOptions, stopContainer } from '../container/stop.ts';
import { waitForContainer } from '../container/waitFor.ts';
import type { Engine as Core } from '../engine.ts';
import { collect } from './collect.ts';
import { prepareExec } from './exec.ts';
import { Files } from './files.ts';
import type { Image } from './image.ts';
import type { CopySettings, Stats } from './operations/containers.ts';
import type { CommitSettings } from './operations/images.ts';
import { perform } from './operations/perform.ts';
import { checkKnown, readExec, readOutput, readStreams, readTimes } from './options/program.ts';
import type { ExecOptions, ExecSpawnOptions } from './options/types.ts';
import { Program } from './program.ts';
import type { RunResult } from './result.ts';
import { written } from './written.ts';

/** A container, by its id. */
export class Container {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Its files, whether it runs or not. */
  readonly files: Files;
  readonly #core: Core;
  readonly #ready: () => Promise<unknown>;

  /** @param ready resolves when the container is there to be used */
  constructor(core: Core, id: string, ready: () => Promise<unknown> = async () => undefined) {
    [this.#core, this.id, this.#ready] = [core, id, ready];
    this.files = new Files(() => this.#here(), { container: id });
  }

  /** Runs its program with nobody connected to it. One that runs already is left alone. */
  async start(): Promise<void> {
    await startContainer(await this.#here(), this.id);
  }

  /** Asks it to end, kills it if it does not, and waits for its end. One that does not run is left alone. */
  async stop(options: StopOptions = {}): Promise<void> {
    await stopContainer(await this.#here(), this.id, options);
  }

  async restart(options: StopOptions = {}): Promise<void> {
    await restartContainer(await this.#here(), this.id, options);
  }

  /** Signals its program: `SIGTERM`, `TERM` or a number; `SIGKILL` by default. */
  async kill(signal: string | number = 'SIGKILL'): Promise<void> {
    await killContainer(await this.#here(), this.id, String(signal));
  }

  /** Has all of its processes stand still. */
  async pause(): Promise<void> {
    const core = await this.#here();
    const { pauseContainer } = await import('../container/pausing.ts');
    await pauseContainer(core, this.id);
  }

  async unpause(): Promise<void> {
    const core = await this.#here();
    const { unpauseContainer } = await import('../container/pausing.ts');
    await unpauseContainer(core, this.id);
  }

  /**
   * Resolves when it does not run, nor is going to be run again.
   * @returns its exit code; `undefined` when nobody has seen its end
   */
  async wait(): Promise<{ exitCode: number | undefined }> {
    return { exitCode: await waitForContainer(await this.#here(), this.id) };
  }

  async rename(name: string): Promise<void> {
    const core = await this.#here();
    const { renameContainer } = await import('../container/rename.ts');
    await renameContainer(core, this.id, name);
  }

  /** @param options `force` ends it first if it runs; `volumes` takes those along that nobody gave a name */
  async remove(options: { force?: boolean; volumes?: boolean } = {}): Promise<void> {
    const core = await this.#here();
    const { removeContainer } = await import('../container/remove.ts');
    await removeContainer(core, this.id, options);
  }

  /** As `docker inspect` has it. */
  async inspect(options: { size?: boolean } = {}): Promise<ContainerInspect> {
    const core = await this.#here();
    const { describeContainer } = await import('../container/describe.ts');
    return await describeContainer(core, this.id, options);
  }

  /** What it has changed of its image. */
  async changes(): Promise<Change[]> {
    return await perform(await this.#here(), 'changes', { id: this.id });
  }

  /**
   * What it uses. A share of processor time needs two looks.
   * @param options `interval`: milliseconds between them
   * @returns `undefined` when it was removed meanwhile
   */
  async stats({ interval = 1000 }: { interval?: number } = {}): Promise<Stats | undefined> {
    return await perform(await this.#here(), 'stats', { id: this.id, interval });
  }

  /** What its program has written, as far as it is kept: the log of a detached container. */
  async *logs(options: LogOptions = {}): AsyncGenerator<LogEntry, void, void> {
    const core = await this.#here();
    const { readLogs } = await import('../container/logs/read.ts');
    yield* readLogs(core, this.id, options);
  }

  /** Runs a further program in it, and waits for its end. @throws RunError */
  async exec(command: readonly string[], options: ExecOptions & { encoding: 'buffer' }): Promise<RunResult<Buffer>>;
  async exec(command: readonly string[], options?: ExecOptions): Promise<RunResult>;
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<RunResult<string | Buffer>> {
    checkKnown(options, 'exec');
    const [wanted, output, times] = [readExec(command, options), readOutput(options), readTimes(options)];
    const subject = `${command[0] ?? ''} in ${this.id.slice(0, 12)}`;
    const prepare = async () => prepareExec(await this.#here(), this.id, wanted, output.streams);
    return await collect(subject, prepare, times, output);
  }

  /** Runs a further program in it. */
  spawn(command: readonly string[], options: ExecSpawnOptions = {}): Program {
    checkKnown(options, 'execSpawn');
    const [wanted, streams] = [readExec(command, options), readStreams(options)];
    const prepare = async () => prepareExec(await this.#here(), this.id, wanted, streams);
    return new Program(`${command[0] ?? ''} in ${this.id.slice(0, 12)}`, prepare, streams, options);
  }

  /** Copies a file or directory of this machine into it. @returns where to */
  async copyTo(source: string, target: string, { signal, ...settings }: CopySettings = {}): Promise<string> {
    const to = { container: this.id, path: target };
    return await perform(await this.#here(), 'copyTo', { source, target: to, settings }, { signal });
  }

  /** Copies a file or directory of it to this machine. @returns where to */
  async copyFrom(source: string, target: string, { signal, ...settings }: CopySettings = {}): Promise<string> {
    const from = { container: this.id, path: source };
    return await perform(await this.#here(), 'copyFrom', { source: from, target, settings }, { signal });
  }

  /** All that it sees of its layers as one tar archive, without what is mounted in it. */
  export({ signal }: { signal?: AbortSignal } = {}): Readable {
    return written(async (output) => {
      await perform(await this.#here(), 'exportFiles', { id: this.id }, { signal, output });
    });
  }

  /** Makes an image of it: the layers of its image, and one more of what it has changed. */
  async commit({ signal, ...settings }: CommitSettings = {}): Promise<Image> {
    return await perform(await this.#here(), 'commit', { id: this.id, settings }, { signal });
  }

  async #here(): Promise<Core> {
    await this.#ready();
    return this.#core;
  }
}
