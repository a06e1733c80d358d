import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { containerEvent, networkEvent, volumeEvent } from '../events/append.ts';
import type { ExitStatus, Container as NativeContainer, StdioOptions, StdioPipes } from '../native/index.ts';
import { native, runtimePath } from '../native/index.ts';
import { isOutside } from '../rootless/caller.ts';
import type { Lock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import type { StorePaths } from '../store/paths.ts';
import { lockLife } from './lifeLock.ts';
import { identify } from './liveness.ts';
import { type ContainerState, writeState } from './record.ts';
import type { StoredContainer } from './store.ts';

/** How a container ended. */
export interface ContainerExit {
  /** Docker's number: the program's own, or 128 + n for signal n. */
  exitCode: number;
  /** Number of the signal that killed it. */
  signal?: number;
  /** The kernel has killed a process of it for want of memory. */
  oomKilled: boolean;
}

/** A container that this process runs; it dies with this process. */
export class AttachedContainer {
  readonly #engine: Engine;
  readonly #stored: StoredContainer;
  readonly #native: NativeContainer;
  #state: ContainerState;
  readonly #lock: Lock;
  #failure: Promise<RcxError> | undefined;
  #started: Promise<void> | undefined;

  private constructor(engine: Engine, stored: StoredContainer, nativeContainer: NativeContainer, lock: Lock) {
    this.#engine = engine;
    this.#stored = stored;
    this.#native = nativeContainer;
    this.#lock = lock;
    this.#state = stored.state;
  }

  /** Launches a container up to the point where only its program is missing. On failure its record says why. */
  static async launch(engine: Engine, stored: StoredContainer, stdio: StdioOptions): Promise<AttachedContainer> {
    const lock = lockLife(stored.folder);
    if (lock === undefined) throw runsAlready(stored);
    try {
      if (isOutside() && stored.config.request.rcx.network !== undefined) throw needsMonitor(stored);
      const session = await engine.session();
      const request = JSON.stringify({ ...stored.config.request, session, runtime: runtimePath() });
      return new AttachedContainer(engine, stored, await native().createContainer(request, stdio), lock);
    } catch (error) {
      throw await recordFailure(engine, stored, toRcxError(error, 'ERR_RCX_LAUNCH')).finally(() => lock.release());
    }
  }

  get id(): string {
    return this.#stored.config.id;
  }

  get pid(): number {
    return this.#native.pid;
  }

  /** This process' ends of the streams that are pipes, as descriptors; once, before {@link AttachedContainer.start}. */
  takePipes(): StdioPipes {
    return this.#native.takePipes();
  }

  /** Runs the program; resolves once it runs and its record says so. */
  start(): Promise<void> {
    this.#started = this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const running = identify(this.#native.pid);
    try {
      await this.#native.start();
    } catch (error) {
      throw await this.#fail(toRcxError(error, 'ERR_RCX_LAUNCH'));
    }
    const { willStart: _started, ...rest } = this.#state;
    this.#record({
      ...rest,
      status: 'running',
      startedAt: new Date().toISOString(),
      root: this.#native.outcome.root,
      overlayApi: this.#native.outcome.legacyOverlay ? 'mount' : 'fsconfig',
      ...(running === undefined ? {} : { process: running }),
    });
    networkEvents(this.#engine.paths, this.#stored.config, 'connect');
    volumeEvents(this.#engine.paths, this.#stored.config, 'mount');
    this.#tell('start');
  }

  /** Resolves when the container has ended, its output is written, and its end is on record or it is removed. */
  async wait(): Promise<ContainerExit> {
    let exit: ContainerExit;
    try {
      exit = exitOf(await this.#native.wait());
    } catch (error) {
      throw await this.#fail(toRcxError(error, 'ERR_RCX_CONTAINER'));
    }
    // A short program may end before its start is on record.
    await this.#started;
    this.#tell('die', { exitCode: String(exit.exitCode) });
    networkEvents(this.#engine.paths, this.#stored.config, 'disconnect');
    volumeEvents(this.#engine.paths, this.#stored.config, 'unmount');
    if (this.#stored.config.autoRemove) {
      await this.#engine.containers.remove(this.#stored);
    } else {
      const { process: _ended, ...rest } = this.#state;
      const { exitCode, oomKilled } = exit;
      this.#record({ ...rest, status: 'exited', finishedAt: new Date().toISOString(), exitCode, oomKilled });
      this.#tidy();
    }
    this.#lock.release();
    return exit;
  }

  /** Ends one that was not started. It is removed if it was made for this run alone. */
  async abandon(): Promise<void> {
    this.#native.abandon();
    if (this.#stored.config.autoRemove) await this.#engine.containers.remove(this.#stored);
    this.#lock.release();
  }

  /** Signals the container's init; one that has ended is no error. */
  kill(signal: number): void {
    this.#native.kill(signal);
  }

  /** Sets the size of the container's terminal, in characters. */
  resize(rows: number, columns: number): void {
    this.#native.resize(rows, columns);
  }

  /** A failed start also ends the wait: whoever hears of it first puts it on record. */
  #fail(error: RcxError): Promise<RcxError> {
    this.#failure ??= recordFailure(this.#engine, this.#stored, error).finally(() => this.#lock.release());
    return this.#failure;
  }

  #tell(action: string, more?: Record<string, string>): void {
    containerEvent(this.#engine.paths, this.#stored.config, action, more);
  }

  #record(state: ContainerState): void {
    this.#state = state;
    writeState(this.#stored.folder, state);
  }

  /** overlayfs leaves its work directory behind, unreadable for everybody but root. */
  #tidy(): void {
    rmSync(join(this.#stored.folder, 'work', 'work'), { recursive: true, force: true });
  }
}

/** In Docker's terms. */
export function exitOf({ code, signal, oomKilled }: ExitStatus): ContainerExit {
  return signal === undefined ? { exitCode: code ?? 0, oomKilled } : { exitCode: 128 + signal, signal, oomKilled };
}

/** Removes a container that asked for it, else keeps why it did not run. */
async function recordFailure(engine: Engine, stored: StoredContainer, error: RcxError): Promise<RcxError> {
  if (stored.config.autoRemove) {
    await engine.containers.remove(stored);
  } else {
    const { willStart: _failed, ...rest } = stored.state;
    const state: ContainerState = { ...rest, status: 'created', error: error.message };
    writeState(stored.folder, { ...state, exitCode: failureCode(error) });
  }
  return error;
}

/** Tells who uses which volumes, as the monitor does. */
function volumeEvents(paths: StorePaths, { id, mounts = [] }: StoredContainer['config'], action: 'mount' | 'unmount') {
  for (const { type, name = '', destination, propagation, rw } of mounts) {
    if (type !== 'volume') continue;
    const how = action === 'mount' ? { destination, propagation, 'read/write': String(rw) } : {};
    volumeEvent(paths, name, action, { container: id, driver: 'local', ...how });
  }
}

function needsMonitor({ config }: StoredContainer): RcxError {
  const step = 'attach the container to its networks';
  return new RcxError(`${step}: ${config.name}: a process of an ordinary user cannot do that itself`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step,
    path: config.name,
    hint: "run it with network 'none' or 'host', by the command rcx, or run this program under: rcx unshare",
  });
}

function runsAlready({ config }: StoredContainer): RcxError {
  return new RcxError(`start the container: ${config.name}: it runs already, or was removed`, {
    code: 'ERR_RCX_CONTAINER_RUNNING',
    step: 'start the container',
    path: config.name,
  });
}

/** Docker's exit codes for a container that did not run: 127 not found, 126 not executable, 125 anything else. */
export function failureCode(error: RcxError): number {
  if (error.code === 'ERR_RCX_EXEC_NOT_FOUND') return 127;
  return error.code === 'ERR_RCX_EXEC_NOT_EXECUTABLE' ? 126 : 125;
}

/** Tells which networks it joins and leaves. */
function networkEvents(paths: StorePaths, { id, networks = {} }: StoredContainer['config'], action: string) {
  for (const [name, own] of Object.entries(networks)) networkEvent(paths, { id: own.id, name }, action, id);
}
