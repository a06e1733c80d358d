import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseMount, parseTmpfs, parseVolume } from '../ts/container/mountFlags.ts';
import type { ContainerMount, ContainerOptions } from '../ts/container/options.ts';
import type { LogConfig, RestartPolicy } from '../ts/container/record.ts';
import { collect, count, envFile, hostEnv, label, memorySize, platform, positive, whole } from './flags.ts';
import { duration, healthcheckOf } from './healthFlags.ts';
import { logOptions, restartPolicy } from './lifeFlags.ts';

/** Flags of what makes a container. */
export interface ContainerFlags {
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
  stopTimeout?: number;
  restart?: RestartPolicy;
  logDriver?: LogConfig['driver'];
  logOpt?: string[];
  healthCmd?: string;
  healthInterval?: number;
  healthTimeout?: number;
  healthStartPeriod?: number;
  healthStartInterval?: number;
  healthRetries?: number;
  healthcheck: boolean;
}

/** Adds the flags of `run` and `create`. */
export function withContainerFlags(command: Command): Command {
  const list = <T>(parse: (text: string) => T) => collect(parse, InvalidArgumentError);
  return command
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
    .option('--stop-timeout <seconds>', 'how long it then has before it is killed', (text) =>
      whole(text, InvalidArgumentError),
    )
    .option('--restart <policy>', 'no, on-failure[:most], always, unless-stopped', (text) =>
      restartPolicy(text, InvalidArgumentError),
    )
    .addOption(new Option('--log-driver <driver>', 'how the output is kept').choices(['json-file', 'none']))
    .option('--log-opt <name=value>', 'max-size=10m, max-file=3', list(String))
    .option('--health-cmd <command>', 'shell command that tells whether the container is well')
    .option('--health-interval <duration>', 'between two checks, e.g. 30s', duration)
    .option('--health-timeout <duration>', 'how long a check may take', duration)
    .option('--health-retries <number>', 'so many failures in a row mean unhealthy', (text) =>
      count(text, InvalidArgumentError),
    )
    .option('--health-start-period <duration>', 'failures do not count for so long after the start', duration)
    .option('--health-start-interval <duration>', 'between two checks in that time', duration)
    .option('--no-healthcheck', 'do not check the container’s health');
}

/** The container that the flags ask for. */
export function containerOptions(command: string[], flags: ContainerFlags): ContainerOptions {
  const { name, workdir, user, hostname, tty, readOnly, network, dns, memory, cpus, pidsLimit, init, stopSignal } =
    flags;
  const { restart, stopTimeout } = flags;
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
      stopTimeout,
      restart,
    },
    log: logOptions(flags.logDriver, flags.logOpt ?? []),
    healthcheck: healthcheckOf(flags),
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
