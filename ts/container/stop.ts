import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import { findContainer } from './heal.ts';
import { isAlive } from './liveness.ts';
import { MonitoredContainer, NO_STREAMS } from './monitored.ts';
import { isPaused, unpause } from './pause.ts';
import { parseSignal } from './signals.ts';
import { startContainer } from './start.ts';
import type { StoredContainer } from './store.ts';

export interface StopOptions {
  /** Instead of the container's own. */
  signal?: string | undefined;
  /** Seconds that it has before it is killed; -1 for as long as it takes. The container's own by default. */
  timeout?: number | undefined;
}

const KILL = 9;
/** How long a killed process may take to die: it may have much memory to give back. */
const DEATH_MS = 30_000;

/**
 * Asks a container to end, kills it if it does not, and waits for its end. One that does not run is left alone.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_INVALID_SIGNAL, ERR_RCX_CONTAINER_STUCK
 */
export async function stopContainer(engine: Engine, text: string, options: StopOptions = {}): Promise<void> {
  const stored = await findContainer(engine, text);
  const { config, state } = stored;
  const signal = options.signal === undefined ? config.stopSignal : parseSignal(options.signal);
  if (state.status !== 'running' && state.status !== 'restarting') return;
  // A signal reaches nobody who stands still.
  if (isPaused(stored)) await unpause(stored);
  const control = Control.of(engine, stored);
  control.stop();
  control.kill(signal);
  const timeout = options.timeout ?? config.stopTimeout;
  if (!(await control.ends(timeout < 0 ? undefined : timeout * 1000))) {
    control.kill(KILL);
    if (!(await control.ends(DEATH_MS))) throw stuck(stored);
  }
  containerEvent(engine.paths, config, 'stop');
}

/**
 * Stops a container, if it runs, and runs it again.
 * @throws as {@link stopContainer}, and why it cannot be launched
 */
export async function restartContainer(engine: Engine, text: string, options: StopOptions = {}): Promise<void> {
  await stopContainer(engine, text, options);
  const { config } = await startContainer(engine, text);
  containerEvent(engine.paths, config, 'restart');
}

/**
 * Sends a signal to a container's program. One that means its end also means that it is not run again.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_INVALID_SIGNAL
 */
export async function killContainer(engine: Engine, text: string, signalText = 'KILL'): Promise<void> {
  const stored = await findContainer(engine, text);
  const signal = parseSignal(signalText);
  if (stored.state.status !== 'running') throw notRunning(stored);
  const control = Control.of(engine, stored);
  if (signal === KILL || signal === stored.config.stopSignal) control.stop();
  control.kill(signal);
  await control.close();
}

/** What can be done to a container, by its monitor or, when that was killed, without. */
class Control {
  readonly #stored: StoredContainer;
  readonly #monitor: MonitoredContainer | undefined;
  readonly #end: Promise<unknown>;

  private constructor(stored: StoredContainer, monitor: MonitoredContainer | undefined) {
    this.#stored = stored;
    this.#monitor = monitor;
    // A monitor that is killed meanwhile takes the container with it.
    this.#end = monitor === undefined ? this.#gone() : monitor.wait().catch(() => undefined);
  }

  static of(engine: Engine, stored: StoredContainer): Control {
    try {
      return new Control(stored, MonitoredContainer.attach(engine, stored, NO_STREAMS));
    } catch (error) {
      if (!isRcxError(error, 'ERR_RCX_MONITOR')) throw error;
      return new Control(stored, undefined);
    }
  }

  /** It is not run again. */
  stop(): void {
    this.#monitor?.stop();
  }

  kill(signal: number): void {
    if (this.#monitor === undefined) this.#killInit(signal);
    else this.#monitor.kill(signal);
  }

  #killInit(signal: number): void {
    const { process: init } = this.#stored.state;
    if (init === undefined || !isAlive(init)) return;
    try {
      process.kill(init.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** @returns whether it ended in time, in milliseconds */
  async ends(time: number | undefined): Promise<boolean> {
    if (time === undefined) return await this.#end.then(() => true);
    const late = new AbortController();
    const timer = delay(time, false, { signal: late.signal }).catch(() => false);
    try {
      return await Promise.race([this.#end.then(() => true), timer]);
    } finally {
      late.abort();
    }
  }

  async close(): Promise<void> {
    this.#monitor?.detach();
    if (this.#monitor !== undefined) await this.#end;
  }

  async #gone(): Promise<void> {
    const { process: init } = this.#stored.state;
    while (init !== undefined && isAlive(init)) await delay(20);
  }
}

function notRunning({ config }: StoredContainer): RcxError {
  return new RcxError(`signal the container: ${config.name}: it is not running`, {
    code: 'ERR_RCX_CONTAINER_NOT_RUNNING',
    step: 'signal the container',
    path: config.name,
    hint: `see its state with: rcx ps -a`,
  });
}

function stuck({ config, state }: StoredContainer): RcxError {
  return new RcxError(`stop the container: ${config.name}: it does not end although it was killed`, {
    code: 'ERR_RCX_CONTAINER_STUCK',
    step: 'stop the container',
    path: config.name,
    hint: `its process waits in the kernel, often for a disk or a network file system; see /proc/${state.process?.pid}/stack`,
  });
}
