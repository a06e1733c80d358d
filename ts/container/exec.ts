import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import { type Container, initPath, native, type StdioOptions, type StdioPipes } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { randomHex } from '../store/random.ts';
import type { RunningContainer } from './find.ts';
import { findRunning } from './find.ts';
import { type ContainerExit, exitOf } from './launch.ts';
import { ALL_CAPABILITIES } from './spec/defaults.ts';
import { mergeEnv } from './spec/process.ts';
import type { LaunchExtras, SpecProcess } from './spec/types.ts';

/** What is to run in a container. What is left out is as for the container's own program. */
export interface ExecOptions {
  command: string[];
  /** `NAME=value`, on top of the container's. */
  env?: string[] | undefined;
  /** Absolute path inside the container. */
  workdir?: string | undefined;
  /** Docker's `user[:group]`. */
  user?: string | undefined;
  tty?: boolean | undefined;
  /** With all capabilities and no filter for system calls. */
  privileged?: boolean | undefined;
}

/** Tells what became of it. */
type Tell = (action: 'exec_create' | 'exec_start' | 'exec_die', more?: Record<string, string>) => void;

/** A process that was prepared in a running container; it is the container's, and outlives this process. */
export class ExecProcess {
  readonly #native: Container;
  readonly #tell: Tell;
  #started: Promise<void> | undefined;

  private constructor(process: Container, tell: Tell) {
    this.#native = process;
    this.#tell = tell;
  }

  /**
   * Prepares a process in a container that runs.
   * @param text name, id, or prefix of an id
   * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_CONTAINER_PAUSED, ERR_RCX_INIT and others of the
   * steps that confine it
   */
  static async prepare(engine: Engine, text: string, options: ExecOptions, stdio: StdioOptions): Promise<ExecProcess> {
    const container = await findRunning(engine, text, 'run a program in the container');
    const execID = randomHex(32);
    const words = options.command.join(' ');
    const tell: Tell = (action, more) =>
      containerEvent(engine.paths, container.config, action === 'exec_die' ? action : `${action}: ${words}`, {
        execID,
        ...more,
      });
    try {
      const session = await engine.session();
      const request = { ...requestOf(container, options), session };
      const process = await native().joinContainer(JSON.stringify(request), stdio);
      tell('exec_create');
      return new ExecProcess(process, tell);
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_EXEC');
    }
  }

  /** This process' ends of the streams that are pipes, as descriptors; once, before {@link ExecProcess.start}. */
  takePipes(): StdioPipes {
    return this.#native.takePipes();
  }

  /** Ends one that was not started. */
  async abandon(): Promise<void> {
    this.#native.abandon();
  }

  /** Runs the program; resolves once it runs. @throws ERR_RCX_EXEC_NOT_FOUND, ERR_RCX_EXEC_NOT_EXECUTABLE */
  start(): Promise<void> {
    this.#started = this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    try {
      await this.#native.start();
      this.#tell('exec_start');
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_EXEC');
    }
  }

  /** Resolves when the process has ended and its output is written. */
  async wait(): Promise<ContainerExit> {
    try {
      const exit = exitOf(await this.#native.wait());
      // A short program may end before its start is told.
      await this.#started;
      this.#tell('exec_die', { exitCode: String(exit.exitCode) });
      return exit;
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_EXEC');
    }
  }

  kill(signal: number): void {
    this.#native.kill(signal);
  }

  /** Sets the size of the process' terminal, in characters. */
  resize(rows: number, columns: number): void {
    this.#native.resize(rows, columns);
  }
}

function requestOf({ config, process }: RunningContainer, options: ExecOptions) {
  const { spec, rcx } = config.request;
  const extras: LaunchExtras = {
    ...rcx,
    // The container's record may be of an older rcx.
    initBinary: initPath(),
    user: options.user ?? rcx.user,
    ...(options.privileged && { seccomp: 'unconfined' as const }),
  };
  return { spec: { ...spec, process: processOf(spec.process, options) }, rcx: extras, target: process };
}

function processOf(
  own: SpecProcess,
  { command, env = [], workdir, tty = false, privileged }: ExecOptions,
): SpecProcess {
  if (command.length === 0) {
    throw new RcxError('run a program in the container: no program was given', {
      code: 'ERR_RCX_NO_COMMAND',
      step: 'run a program in the container',
    });
  }
  const all = [...ALL_CAPABILITIES];
  return {
    ...own,
    terminal: tty,
    args: command,
    env: mergeEnv(own.env, tty ? ['TERM=xterm'] : [], env),
    cwd: workdir ?? own.cwd,
    ...(privileged && { capabilities: { bounding: all, effective: all, permitted: all }, noNewPrivileges: false }),
    ...(privileged && { apparmorProfile: 'unconfined' }),
  };
}
