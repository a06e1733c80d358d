import { type Command, InvalidArgumentError } from 'commander';
import { execDetached, execInForeground } from '../../ts/container/execForeground.ts';
import { openEngine } from '../engine.ts';
import { envFile, hostEnv } from '../flags/environment.ts';
import { collect } from '../flags/values.ts';

interface ExecFlags {
  detach?: true;
  interactive?: true;
  tty?: true;
  env?: string[];
  envFile?: string[];
  workdir?: string;
  user?: string;
  privileged?: true;
}

export function register(parent: Command): void {
  const list = <T>(parse: (text: string) => T) => collect(parse, InvalidArgumentError);
  parent
    .command('exec')
    .summary('run a program in a running container')
    .description(
      'Run a program in a container that runs, confined as the container’s own. The exit code is the program’s.',
    )
    .argument('<container>', 'name, id, or the start of an id')
    .argument('<command...>', 'program and arguments')
    .passThroughOptions()
    .option('-d, --detach', 'do not wait for its end')
    .option('-i, --interactive', 'pass input on')
    .option('-t, --tty', 'give it a terminal')
    .option('-e, --env <name[=value]>', 'environment variable; without a value, this process’ own', list(hostEnv))
    .option('--env-file <file>', 'file with a NAME=value on each line', list(String))
    .option('-w, --workdir <path>', 'working directory inside the container')
    .option('-u, --user <user[:group]>', 'names or numbers')
    .option('--privileged', 'with all capabilities and no filter for system calls')
    .action(action);
}

async function action(name: string, command: string[], flags: ExecFlags): Promise<void> {
  const { detach = false, interactive = false, tty, workdir, user, privileged } = flags;
  const env = [...(flags.envFile ?? []).flatMap(envFile), ...(flags.env ?? [])].filter((pair) => pair !== '');
  const options = { command, tty, workdir, user, privileged, env };
  if (detach) await execDetached(openEngine(), name, options);
  else process.exitCode = await execInForeground(openEngine(), name, options, interactive);
}
