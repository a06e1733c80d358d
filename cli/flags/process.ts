import { type Command, InvalidArgumentError } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { envFile, hostEnv } from './environment.ts';
import { collect } from './values.ts';

/** What the container's program is, and what it finds. */
export interface ProcessFlags {
  tty?: true;
  env?: string[];
  envFile?: string[];
  workdir?: string;
  user?: string;
  groupAdd?: string[];
  entrypoint?: string;
  init?: true;
}

export function addProcessFlags(command: Command): void {
  const list = collect(String, InvalidArgumentError);
  command
    .option('-t, --tty', 'give the container a terminal')
    .option(
      '-e, --env <name[=value]>',
      'environment variable; without a value, this process’ own',
      collect(hostEnv, InvalidArgumentError),
    )
    .option('--env-file <file>', 'file with a NAME=value on each line', list)
    .option('-w, --workdir <path>', 'working directory inside the container')
    .option('-u, --user <user[:group]>', 'names or numbers')
    .option('--group-add <group>', 'further group, name or number', list)
    .option('--entrypoint <program>', 'program to run instead of the image’s entrypoint; "" for none')
    .option('--init', 'run an init that reaps orphans and forwards signals');
}

export function processOptions(flags: ProcessFlags): ContainerOptions {
  const { tty, workdir, user, entrypoint, init } = flags;
  return {
    tty,
    workdir,
    user,
    groups: flags.groupAdd,
    init,
    entrypoint: entrypoint === undefined ? undefined : [entrypoint].filter((program) => program !== ''),
    env: [...(flags.envFile ?? []).flatMap(envFile), ...(flags.env ?? [])].filter((pair) => pair !== ''),
  };
}
