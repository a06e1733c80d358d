import { type Command, InvalidArgumentError, Option } from 'commander';
import { runInForeground } from '../../ts/container/foreground.ts';
import { parseMount, parseTmpfs, parseVolume } from '../../ts/container/mountFlags.ts';
import type { ContainerMount, ContainerOptions } from '../../ts/container/options.ts';
import { Engine } from '../../ts/engine.ts';
import { collect, envFile, hostEnv, label, memorySize, platform, positive, whole } from '../flags.ts';
import { pullProgress } from '../output/progress.ts';

interface RunFlags {
  interactive?: true;
  tty?: true;
  rm?: true;
  name?: string;
  env?: string[];
  envFile?: string[];
  workdir?: string;
  user?: string;
  hostname?: string;
  entrypoint?: string;
  volume?: ContainerMount[];
  mount?: ContainerMount[];
  tmpfs?: ContainerMount[];
  readOnly?: true;
  network?: 'none' | 'host';
  addHost?: string[];
  dns?: string[];
  memory?: number;
  cpus?: number;
  pidsLimit?: number;
  init?: true;
  rootfs?: true;
  platform?: ContainerOptions['platform'];
  pull: 'missing' | 'always' | 'never';
  quiet?: true;
  pivot: boolean;
  label?: Record<string, string>;
  stopSignal?: string;
}

export function register(parent: Command): void {
  const list = <T>(parse: (text: string) => T) => collect(parse, InvalidArgumentError);
  parent
    .command('run')
    .summary('run a program in a new container')
    .description('Run a program in a new container. Flags go before the image, what follows it is the program.')
    .argument('<image>', 'image, or with --rootfs a directory')
    .argument('[command...]', 'program and arguments, instead of the image’s own')
    .passThroughOptions()
    .option('-i, --interactive', 'keep stdin open')
    .option('-t, --tty', 'give the container a terminal')
    .option('--rm', 'remove the container when it ends')
    .option('--name <name>', 'name of the container')
    .option('-e, --env <name[=value]>', 'environment variable; without a value, this process’ own', list(hostEnv))
    .option('--env-file <file>', 'file with a NAME=value on each line', list(String))
    .option('-w, --workdir <path>', 'working directory inside the container')
    .option('-u, --user <user[:group]>', 'names or numbers')
    .option('-h, --hostname <name>', 'hostname of the container')
    .option('--entrypoint <program>', 'program to run instead of the image’s entrypoint; "" for none')
    .option('-v, --volume <source:target[:ro]>', 'bind a host path', list(parseVolume))
    .option(
      '--mount <key=value,...>',
      'type=bind,source=…,target=…[,readonly] or type=tmpfs,target=…',
      list(parseMount),
    )
    .option('--tmpfs <target[:options]>', 'mount a tmpfs', list(parseTmpfs))
    .option('--read-only', 'mount the root filesystem read-only')
    .addOption(
      new Option('--network <mode>', 'none: loopback only; host: the host’s network').choices(['none', 'host']),
    )
    .option('--add-host <name:address>', 'line for /etc/hosts', list(String))
    .option('--dns <address>', 'name server', list(String))
    .option('-m, --memory <size>', 'memory limit: bytes, or with b, k, m, g', (text) =>
      memorySize(text, InvalidArgumentError),
    )
    .option('--cpus <number>', 'processors’ worth of time, e.g. 1.5', (text) => positive(text, InvalidArgumentError))
    .option('--pids-limit <number>', 'most processes at a time; -1 for no limit', (text) =>
      whole(text, InvalidArgumentError),
    )
    .option('--init', 'run an init that reaps orphans and forwards signals')
    .option('--rootfs', 'the image argument is a directory to use as root')
    .option('--platform <os/arch[/variant]>', 'variant of a multi-platform image', platform)
    .addOption(new Option('--pull <when>', 'when to pull').choices(['missing', 'always', 'never']).default('missing'))
    .option('-q, --quiet', 'do not show the progress of a pull')
    .option('--no-pivot', 'move the root and chroot instead of pivot_root')
    .option('-l, --label <name=value>', 'label of the container', label, {})
    .option('--stop-signal <signal>', 'signal that stops the container')
    .helpOption('--help', 'show this help')
    .action(action);
}

async function action(image: string, command: string[], flags: RunFlags): Promise<void> {
  const engine = new Engine();
  process.exitCode = await runInForeground(engine, {
    image,
    rootfs: flags.rootfs ?? false,
    interactive: flags.interactive ?? false,
    pull: flags.pull,
    progress: pullProgress(flags.quiet ?? false),
    options: containerOptions(command, flags),
  });
  await engine.close();
}

function containerOptions(command: string[], flags: RunFlags): ContainerOptions {
  const { name, workdir, user, hostname, tty, readOnly, network, dns, memory, cpus, pidsLimit, init, stopSignal } =
    flags;
  return {
    ...{
      command,
      name,
      workdir,
      user,
      hostname,
      tty,
      readOnly,
      network,
      dns,
      memory,
      cpus,
      pidsLimit,
      init,
      stopSignal,
    },
    entrypoint: flags.entrypoint === undefined ? undefined : [flags.entrypoint].filter((program) => program !== ''),
    env: [...(flags.envFile ?? []).flatMap(envFile), ...(flags.env ?? [])].filter((pair) => pair !== ''),
    mounts: [...(flags.volume ?? []), ...(flags.mount ?? []), ...(flags.tmpfs ?? [])],
    addHosts: flags.addHost,
    noPivot: !flags.pivot,
    labels: flags.label,
    autoRemove: flags.rm,
    platform: flags.platform,
  };
}
