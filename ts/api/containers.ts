import { ownIdentity } from '../container/create.ts';
import { findContainer } from '../container/heal.ts';
import { type ContainerStatus, statusOf } from '../container/status.ts';
import type { Engine as Core } from '../engine.ts';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';
import { flag } from './options/check.ts';
import { checkKnown, readTimes } from './options/program.ts';
import type { CreateOptions } from './options/types.ts';
import { type ImageOrRoot, make } from './prepareContainer.ts';
import { read } from './run.ts';

/** What a list says of a container. */
export interface ContainerSummary {
  id: string;
  name: string;
  /** As it was asked for; empty where the root is a directory. */
  image: string;
  command: string[];
  status: ContainerStatus;
  /** RFC 3339. */
  created: string;
  labels: Record<string, string>;
}

/** The containers of an engine. */
export class Containers {
  readonly #engine: Engine;
  readonly #core: Core;

  constructor(engine: Engine, core: Core) {
    [this.#engine, this.#core] = [engine, core];
  }

  /**
   * Makes a container that is going to be started later, and then outlives this process.
   * @param image as of {@link run}
   */
  async create(image: ImageOrRoot, command: readonly string[] = [], options: CreateOptions = {}): Promise<Container> {
    checkKnown(options, 'create');
    const { openStdin, signal: given, ...settings } = options;
    const { signal = new AbortController().signal } = readTimes({ signal: given });
    const { wanted } = read(image, command, { ...settings, engine: this.#engine }, true);
    if (openStdin !== undefined) wanted.options.openStdin = flag(openStdin, 'openStdin');
    const { config } = await make(this.#core, { ...wanted, willStart: false, owner: ownIdentity() }, signal);
    return new Container(this.#core, config.id);
  }

  /** By name, id, or prefix of an id. @throws RcxError with ERR_RCX_CONTAINER_NOT_FOUND */
  async get(text: string): Promise<Container> {
    const { config } = await findContainer(this.#core, text);
    return new Container(this.#core, config.id);
  }

  /**
   * Those that run, newest first.
   * @param options `all`: those that do not run, too; `filters` as of `docker ps --filter`: `label=app=web`, `status=exited`
   */
  async list(options: { all?: boolean; filters?: readonly string[] } = {}): Promise<ContainerSummary[]> {
    const [{ selectContainers }, { parseContainerFilters }] = await Promise.all([
      import('../container/list.ts'),
      import('../container/filters.ts'),
    ]);
    const filters = parseContainerFilters(options.filters ?? []);
    const { rows } = await selectContainers(this.#core, { all: options.all, filters });
    return rows.map((row) => {
      const { id, name, image = '', created, labels, request } = row.config;
      return { id, name, image, command: request.spec.process.args, status: statusOf(row), created, labels };
    });
  }
}
