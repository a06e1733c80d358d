import type { RcxConfig } from '../config/config.ts';
import { Engine as Core } from '../engine.ts';
import type { RcxEvent } from '../events/event.ts';
import type { SystemInfo } from '../system/info.ts';
import { Containers } from './containers.ts';
import { keepCore } from './core.ts';
import { Images } from './images.ts';
import { Networks } from './networks.ts';
import type { RunOptions, SpawnOptions } from './options/types.ts';
import type { ImageOrRoot } from './prepareContainer.ts';
import type { RunResult } from './result.ts';
import { run, spawn } from './run.ts';
import type { SpawnedContainer } from './spawned.ts';
import { Volumes } from './volumes.ts';

/** What an engine is opened with. */
export interface EngineOptions {
  /** Root directory of the store; `$RCX_ROOT` or its default when left out. */
  root?: string | undefined;
  /** Run-time directory; `$RCX_RUN` or its default when left out. */
  run?: string | undefined;
  /** Settings, instead of those of the config files. */
  config?: RcxConfig | undefined;
  /** Environment that everything else is read from; that of this process when left out. */
  env?: NodeJS.ProcessEnv | undefined;
}

/** Which of the things that happen are wanted. */
export interface EventOptions {
  /** Also what has happened since, after the start of the machine. */
  since?: Date | undefined;
  until?: Date | undefined;
  /** As of `docker events --filter`: `type=container`, `event=die`. */
  filters?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

/** One store with everything in it. There is no global state: two engines know nothing of each other. */
export class Engine implements AsyncDisposable {
  readonly containers: Containers;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly #core: Core;

  constructor(options: EngineOptions = {}) {
    const core = new Core(options);
    keepCore(this, core);
    this.#core = core;
    this.containers = new Containers(this, core);
    this.images = new Images(core);
    this.networks = new Networks(core);
    this.volumes = new Volumes(core);
  }

  /** As {@link run}, in this engine. */
  async run(
    image: ImageOrRoot,
    command: readonly string[] | undefined,
    options: Omit<RunOptions, 'engine'> & { encoding: 'buffer' },
  ): Promise<RunResult<Buffer>>;
  async run(image: ImageOrRoot, command?: readonly string[], options?: Omit<RunOptions, 'engine'>): Promise<RunResult>;
  async run(
    image: ImageOrRoot,
    command?: readonly string[],
    options: Omit<RunOptions, 'engine'> = {},
  ): Promise<RunResult<string | Buffer>> {
    return await run(image, command, { ...options, engine: this });
  }

  /** As {@link spawn}, in this engine. */
  spawn(image: ImageOrRoot, command?: readonly string[], options: Omit<SpawnOptions, 'engine'> = {}): SpawnedContainer {
    return spawn(image, command, { ...options, engine: this });
  }

  /** What happens to containers, images, volumes and networks, from now on, until the signal or the loop ends it. */
  async *events({ since, until, filters = [], signal }: EventOptions = {}): AsyncGenerator<RcxEvent, void, void> {
    const [{ readEvents }, { parseEventFilters }] = await Promise.all([
      import('../events/read.ts'),
      import('../events/filter.ts'),
    ]);
    const isWanted = parseEventFilters(filters);
    const query = {
      ...(since !== undefined && { since: nanoseconds(since) }),
      ...(until !== undefined && { until: nanoseconds(until) }),
      signal: signal ?? new AbortController().signal,
    };
    for await (const event of readEvents(this.#core.paths.run, query)) if (isWanted(event)) yield event;
  }

  /** The store and the machine it is on. */
  async info(): Promise<SystemInfo> {
    const { systemInfo } = await import('../system/info.ts');
    return await systemInfo(this.#core);
  }

  /** Closes connections to registries. Containers are left as they are. */
  async close(): Promise<void> {
    await this.#core.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function nanoseconds(time: Date): bigint {
  return BigInt(time.getTime()) * 1_000_000n;
}
