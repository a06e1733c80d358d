import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';
import type { LogConfig, RestartPolicy } from '../../ts/container/record.ts';
import { parseRestartPolicy } from '../../ts/container/restartPolicy.ts';
import { RcxError } from '../../ts/errors.ts';
import { type ArgumentError, checked, collect, size, whole } from './values.ts';

/** When the container ends, what follows, and what is kept of its output. */
export interface LifeFlags {
  rm?: true;
  stopSignal?: string;
  stopTimeout?: number;
  restart?: RestartPolicy;
  logDriver?: LogConfig['driver'];
  logOpt?: string[];
}

export function addLifeFlags(command: Command): void {
  command
    .option('--rm', 'remove the container when it ends')
    .option('--stop-signal <signal>', 'signal that stops the container')
    .option('--stop-timeout <seconds>', 'how long it then has before it is killed', (text) =>
      whole(text, InvalidArgumentError),
    )
    .option(
      '--restart <policy>',
      'no, on-failure[:most], always, unless-stopped',
      checked(parseRestartPolicy, InvalidArgumentError),
    )
    .addOption(new Option('--log-driver <driver>', 'how the output is kept').choices(['json-file', 'none']))
    .option('--log-opt <name=value>', 'max-size=10m, max-file=3', collect(String, InvalidArgumentError));
}

export function lifeOptions({ rm, stopSignal, stopTimeout, restart, logDriver, logOpt }: LifeFlags): ContainerOptions {
  return { autoRemove: rm, stopSignal, stopTimeout, restart, log: logOptions(logDriver, logOpt ?? []) };
}

/** `max-size=10m`, `max-file=3`. */
export function logOptions(driver: LogConfig['driver'] | undefined, pairs: readonly string[]): Partial<LogConfig> {
  const options: Partial<LogConfig> = driver === undefined ? {} : { driver };
  for (const pair of pairs) {
    const [name = '', value = ''] = pair.split('=', 2);
    if (name === 'max-size') options.maxSize = value === '-1' ? 0 : size(value, invalidOption(pair));
    else if (name === 'max-file' && /^[1-9][0-9]{0,3}$/.test(value)) options.maxFile = Number(value);
    else throw new (invalidOption(pair))('there are max-size=SIZE and max-file=NUMBER');
  }
  if ((options.maxFile ?? 1) > 1 && options.maxSize === undefined) {
    throw new (invalidOption(`max-file=${options.maxFile}`))('it needs max-size, or there is never a second file');
  }
  return options;
}

function invalidOption(pair: string): ArgumentError {
  return class extends RcxError {
    constructor(message: string) {
      super(`read the log option ${JSON.stringify(pair)}: ${message}`, {
        code: 'ERR_RCX_INVALID_OPTION',
        step: 'read the log option',
        path: pair,
      });
    }
  };
}
