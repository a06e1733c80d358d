import { isAbsolute } from 'node:path';
import { RcxError } from '../../errors.ts';
import type { ExecutionConfig } from '../../oci/types.ts';
import { isUnnamedFlag } from '../mounts/unnamed.ts';
import type { ContainerOptions } from '../options.ts';
import { DEFAULT_PATH } from './defaults.ts';

/**
 * How a container is run: the image's defaults with what its creator wanted instead, as Docker puts the two together. It is
 * what an image made of the container has for defaults.
 */
export function executionOf(config: ExecutionConfig, options: ContainerOptions): ExecutionConfig {
  const given = options.command !== undefined && options.command.length > 0 ? options.command : undefined;
  // The image's command belongs to the image's entrypoint: another one would not know what to do with it.
  const command = given ?? (options.entrypoint === undefined ? config.Cmd : undefined);
  const env = mergeEnv(config.Env ?? [], options.env ?? []);
  const { Cmd: _command, Entrypoint: _entrypoint, ...rest } = config;
  const ports = options.exposedPorts ?? [];
  const entrypoint = options.entrypoint ?? config.Entrypoint;
  const volumes = { ...config.Volumes, ...unnamedVolumes(options) };
  return {
    ...rest,
    ...(command !== undefined && { Cmd: command }),
    ...(entrypoint !== undefined && entrypoint.length > 0 && { Entrypoint: entrypoint }),
    ...(env.length > 0 && { Env: env }),
    ...(options.user !== undefined && { User: options.user }),
    ...(options.workdir !== undefined && { WorkingDir: options.workdir }),
    ...(options.stopSignal !== undefined && { StopSignal: options.stopSignal }),
    ...(ports.length > 0 && {
      ExposedPorts: { ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) },
    }),
    ...(Object.keys(volumes).length > 0 && { Volumes: volumes }),
    Labels: { ...config.Labels, ...options.labels },
  };
}

/** Those of `-v /path`, which are the container's as the image's `VOLUME`s are. */
function unnamedVolumes({ mounts = [] }: ContainerOptions): NonNullable<ExecutionConfig['Volumes']> {
  return Object.fromEntries(mounts.filter(isUnnamedFlag).map(({ target }) => [target, {}]));
}

/** The program and its arguments. @throws ERR_RCX_NO_COMMAND */
export function processArgs({ Entrypoint = [], Cmd = [] }: ExecutionConfig): string[] {
  const args = [...Entrypoint, ...Cmd];
  if (args.length === 0) {
    throw new RcxError('run the container: no command was given and the image has none', {
      code: 'ERR_RCX_NO_COMMAND',
      step: 'run the container',
      hint: 'name a program after the image, e.g. rcx run IMAGE sh',
    });
  }
  return args;
}

/** The environment: Docker's defaults, which everything else replaces, then the container's own. */
export function processEnv({ Env = [] }: ExecutionConfig, tty: boolean, hostname: string): string[] {
  return mergeEnv([DEFAULT_PATH, `HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : [])], Env);
}

/** The last of a name counts, in the place of the first. */
export function mergeEnv(...lists: readonly (readonly string[])[]): string[] {
  const env = new Map<string, string>();
  for (const pair of lists.flat()) env.set(pair.split('=', 1)[0] ?? pair, pair);
  return [...env.values()];
}

/**
 * The working directory; `/` by default.
 * @throws ERR_RCX_INVALID_OPTION when it is relative: there is nothing it could be relative to
 */
export function processCwd({ WorkingDir }: ExecutionConfig): string {
  const cwd = WorkingDir || '/';
  if (isAbsolute(cwd)) return cwd;
  throw new RcxError(`set the working directory: ${JSON.stringify(cwd)} is not an absolute path`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'set the working directory',
    path: cwd,
    hint: 'give it from the root of the container on, e.g. -w /srv',
  });
}
