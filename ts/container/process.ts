import { isAbsolute } from 'node:path';
import { RcxError } from '../errors.ts';
import type { ExecutionConfig } from '../oci/types.ts';
import { DEFAULT_PATH } from './defaults.ts';
import type { ContainerOptions } from './options.ts';

/** The program and arguments, by Docker's rules for entrypoint and command. */
export function processArgs(config: ExecutionConfig, options: ContainerOptions): string[] {
  const given = options.command !== undefined && options.command.length > 0 ? options.command : undefined;
  const entrypoint = options.entrypoint ?? config.Entrypoint ?? [];
  // The image's command belongs to the image's entrypoint: another one would not know what to do with it.
  const command = given ?? (options.entrypoint === undefined ? (config.Cmd ?? []) : []);
  const args = [...entrypoint, ...command];
  if (args.length === 0) {
    throw new RcxError('run the container: no command was given and the image has none', {
      code: 'ERR_RCX_NO_COMMAND',
      step: 'run the container',
      hint: 'name a program after the image, e.g. rcx run IMAGE sh',
    });
  }
  return args;
}

/** The environment: Docker's defaults, then the image's, then the caller's; the last of a name counts. */
export function processEnv(config: ExecutionConfig, options: ContainerOptions, hostname: string): string[] {
  const env = new Map<string, string>();
  const add = (pair: string) => env.set(pair.split('=', 1)[0] ?? pair, pair);
  add(DEFAULT_PATH);
  add(`HOSTNAME=${hostname}`);
  if (options.tty) add('TERM=xterm');
  for (const pair of [...(config.Env ?? []), ...(options.env ?? [])]) add(pair);
  return [...env.values()];
}

/**
 * The working directory: the caller's, else the image's, else `/`.
 * @throws ERR_RCX_INVALID_OPTION when it is relative: there is nothing it could be relative to
 */
export function processCwd(config: ExecutionConfig, options: ContainerOptions): string {
  const cwd = options.workdir ?? (config.WorkingDir || '/');
  if (isAbsolute(cwd)) return cwd;
  throw new RcxError(`set the working directory: ${JSON.stringify(cwd)} is not an absolute path`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'set the working directory',
    path: cwd,
    hint: 'give it from the root of the container on, e.g. -w /srv',
  });
}
