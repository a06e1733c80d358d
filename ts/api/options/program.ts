import { Readable } from 'node:stream';
import type { ExecOptions as CoreExecOptions } from '../../container/exec.ts';
import { flag, invalidOption, number, oneOf, onlyKnown, type Path, text, textOrNumber, whole } from './check.ts';
import { CONTAINER_SETTINGS, readEnv, readSignal } from './container.ts';
import type { ExecSettings, OutputOptions, SpawnOptions, StreamMode, TimeOptions } from './types.ts';

/** Where the three streams of a program lead. */
export interface Streams {
  stdin: StreamMode;
  stdout: StreamMode;
  stderr: StreamMode;
}

const TIMES = ['timeout', 'signal', 'killSignal'] as const;
const STREAMS = ['stdin', 'stdout', 'stderr'] as const;
const OUTPUT = ['input', ...STREAMS, 'encoding', 'maxBuffer', 'reject'] as const;
const SOURCE = ['pull', 'engine'] as const;
const EXEC = ['env', 'cwd', 'user', 'tty', 'privileged'] as const;

/** Names of the options that each way to run a program has. */
export const KNOWN = {
  run: [...CONTAINER_SETTINGS, ...TIMES, ...SOURCE, ...OUTPUT],
  spawn: [...CONTAINER_SETTINGS, ...TIMES, ...SOURCE, ...STREAMS, 'detached'],
  create: [...CONTAINER_SETTINGS, 'pull', 'signal', 'openStdin'],
  exec: [...EXEC, ...TIMES, ...OUTPUT],
  execSpawn: [...EXEC, ...TIMES, ...STREAMS],
} as const;

/** Node's longest timer. */
const LONGEST_MS = 2 ** 31 - 1;
const DEFAULT_MAX_BUFFER = 100 * 1024 ** 2;

export interface ReadTimes {
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  killSignal: number;
}

/** @throws ERR_RCX_INVALID_OPTION, as all of these */
export function readTimes({ timeout, signal, killSignal = 'SIGKILL' }: TimeOptions): ReadTimes {
  if (timeout !== undefined && !(number(timeout, 'timeout') > 0 && timeout <= LONGEST_MS))
    throw invalidOption('timeout', timeout, `it is a number of milliseconds from 1 to ${LONGEST_MS}`);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidOption('signal', signal, 'it is an AbortSignal');
  return { timeout, signal, killSignal: readSignal(killSignal, 'killSignal') };
}

/** Program and arguments. */
export function readCommand(command: unknown): string[] {
  if (!Array.isArray(command)) throw invalidOption('command', command, 'it is an array of program and arguments');
  return command.map((word, at) => text(word, `command[${at}]`));
}

const streamMode = oneOf(['pipe', 'inherit', 'ignore']);

/** Where the streams lead, with what they are when left out. */
export function readStreams(
  options: Pick<SpawnOptions, 'stdin' | 'stdout' | 'stderr' | 'tty'>,
  otherwise: StreamMode = 'pipe',
): Streams {
  const { stdin = otherwise, stdout = otherwise, stderr = otherwise, tty } = options;
  const streams = {
    stdin: streamMode(stdin, 'stdin'),
    stdout: streamMode(stdout, 'stdout'),
    stderr: streamMode(stderr, 'stderr'),
  };
  // A terminal has both outputs in one.
  return tty === true ? { ...streams, stderr: 'ignore' } : streams;
}

export interface ReadOutput {
  /** What is written to its input: bytes, or a stream. */
  input: string | Uint8Array | Readable | undefined;
  streams: Streams;
  encoding: 'utf8' | 'buffer';
  maxBuffer: number;
  reject: boolean;
}

export function readOutput(options: OutputOptions & { tty?: boolean | undefined }): ReadOutput {
  const { input, stdin, stdout, stderr, tty, maxBuffer = DEFAULT_MAX_BUFFER } = options;
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array))
    throw invalidOption('input', input, 'it is text or bytes; a stream is stdin');
  if (input !== undefined && stdin !== undefined)
    throw invalidOption('stdin', stdin, 'input is what the program reads: leave out one of the two');
  if (!(stdin instanceof Readable || stdin === undefined || stdin === 'inherit' || stdin === 'ignore'))
    throw invalidOption('stdin', stdin, 'it is a stream, inherit or ignore; text and bytes are input');
  const source = stdin instanceof Readable ? stdin : input;
  const mode = source === undefined ? ((stdin as 'inherit' | 'ignore' | undefined) ?? 'ignore') : 'pipe';
  return {
    input: source,
    streams: readStreams({ stdin: mode, stdout, stderr, tty }),
    encoding: oneOf(['utf8', 'buffer'])(options.encoding ?? 'utf8', 'encoding'),
    maxBuffer: whole(maxBuffer, 'maxBuffer'),
    reject: flag(options.reject ?? true, 'reject'),
  };
}

export function readExec(command: readonly string[], options: ExecSettings, path: Path = ''): CoreExecOptions {
  const { env, cwd, user, tty, privileged } = options;
  return {
    command: readCommand(command),
    ...(env !== undefined && { env: readEnv(env, `${path}env`) }),
    ...(cwd !== undefined && { workdir: text(cwd, `${path}cwd`) }),
    ...(user !== undefined && { user: textOrNumber(user, `${path}user`) }),
    ...(tty !== undefined && { tty: flag(tty, `${path}tty`) }),
    ...(privileged !== undefined && { privileged: flag(privileged, `${path}privileged`) }),
  };
}

/** @throws ERR_RCX_INVALID_OPTION for what is no option of that */
export function checkKnown(options: unknown, what: keyof typeof KNOWN): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidOption('options', options, 'it is an object');
  onlyKnown(options, KNOWN[what]);
}

export const readPull = oneOf(['missing', 'always', 'never']);
