import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import {
  type Attachment,
  type AttachOptions,
  type LaunchPart,
  native,
  runtimePath,
  type StdioPipes,
} from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { lockFiles } from './filesLock.ts';
import type { StoredContainer } from './store.ts';

/** How a container ended, as its monitor says; the code is absent when nobody knows it. */
export interface MonitoredEnd {
  exitCode?: number;
  /** Number of the signal that killed it. */
  signal?: number;
  oomKilled: boolean;
}

/** How the connection to a container ended. */
export type AttachEnd =
  | ({ how: 'ended' } & MonitoredEnd)
  /** The user has left it. */
  | { how: 'detached' };

/** Of a client that only has something to say. */
export const NO_STREAMS: AttachOptions = { stdio: { stdin: 'null', stdout: 'null', stderr: 'null' } };

/** A connection of this process to a container that runs under a monitor, and goes on when the connection ends. */
export class MonitoredContainer {
  readonly #stored: StoredContainer;
  readonly #attachment: Attachment;

  private constructor(stored: StoredContainer, attachment: Attachment) {
    this.#stored = stored;
    this.#attachment = attachment;
  }

  /**
   * Starts the monitor of a container, with streams connected; nothing of the container runs before
   * {@link MonitoredContainer.start}.
   * @throws ERR_RCX_MONITOR, ERR_RCX_LOCK, ERR_RCX_INVALID_OPTION for detach keys that are none
   */
  static async launch(engine: Engine, stored: StoredContainer, options: AttachOptions): Promise<MonitoredContainer> {
    // A copy may have its root mounted.
    const user = await engine.session();
    const files = await lockFiles(stored, { shared: true });
    try {
      const attachment = await native().launchMonitor(runtimePath(), stored.folder, engine.paths.run, options, user);
      return new MonitoredContainer(stored, attachment);
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_MONITOR');
    } finally {
      files.release();
    }
  }

  /**
   * Connects to one that runs.
   * @throws ERR_RCX_MONITOR when its monitor does not answer
   */
  static attach(engine: Engine, stored: StoredContainer, options: AttachOptions): MonitoredContainer {
    try {
      const own = engine.containers.runDirectory(stored.config.id);
      return new MonitoredContainer(stored, native().attachToMonitor(own, options));
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_MONITOR');
    }
  }

  get id(): string {
    return this.#stored.config.id;
  }

  /** This process' ends of the streams that are pipes, as descriptors; once. */
  takePipes(): StdioPipes {
    return this.#attachment.takePipes();
  }

  /** Nobody reads its output, or its error output, any more: the program is told, as by a pipe. */
  closeOutput(stderr: boolean): void {
    this.#attachment.closeOutput(stderr);
  }

  /**
   * Runs the program; resolves once it runs and its record says so.
   * @returns how long each part of the launch took, where that was asked for
   * @throws why it does not run, which is on record, too
   */
  async start(): Promise<LaunchPart[]> {
    try {
      return (await this.#attachment.start()).trace;
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_LAUNCH');
    }
  }

  /** Resolves when the container has ended and its end is on record, or when the user has left it; all output is written. */
  async wait(): Promise<AttachEnd> {
    try {
      const { how, exitCode, signal, oomKilled } = await this.#attachment.wait();
      if (how === 'lost') throw lost(this.#stored);
      if (how === 'detached') return { how };
      return {
        ...{ how, oomKilled },
        ...(exitCode !== undefined && { exitCode }),
        ...(signal !== undefined && { signal }),
      };
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_MONITOR');
    }
  }

  /** Signals the container's init; one that has ended is no error. */
  kill(signal: number): void {
    this.#attachment.kill(signal);
  }

  /** It is not run again when it ends. */
  stop(): void {
    this.#attachment.stop();
  }

  /** Its monitor reads the container's record again. */
  reload(): void {
    this.#attachment.reload();
  }

  /** Sets the size of the container's terminal, in characters. */
  resize(rows: number, columns: number): void {
    this.#attachment.resize(rows, columns);
  }

  /** Leaves the container as it is. */
  detach(): void {
    this.#attachment.detach();
  }
}

/** Tells the monitor of a container something. One that has ended, or was killed, has nothing to do any more. */
export function tellMonitor(
  engine: Engine,
  stored: StoredContainer,
  tell: (monitor: MonitoredContainer) => void,
): void {
  try {
    const monitor = MonitoredContainer.attach(engine, stored, NO_STREAMS);
    tell(monitor);
    monitor.detach();
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_MONITOR')) throw error;
  }
}

function lost({ config }: StoredContainer): RcxError {
  return new RcxError(`follow the container: ${config.name}: its monitor was killed, and the container with it`, {
    code: 'ERR_RCX_MONITOR',
    step: 'follow the container',
    path: config.name,
    hint: 'see the kernel’s log for an out-of-memory kill; start it again with: rcx start',
  });
}
