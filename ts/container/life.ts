import { RcxError } from '../errors.ts';
import type { ExecutionConfig } from '../oci/types.ts';
import type { ContainerOptions } from './options.ts';
import type { ContainerConfig } from './record.ts';
import { parseSignal } from './signals.ts';
import { STOP_SIGNAL, STOP_TIMEOUT } from './spec/defaults.ts';

type Life = Pick<
  ContainerConfig,
  'restart' | 'log' | 'openStdin' | 'stdinOnce' | 'stopSignal' | 'stopTimeout' | 'healthcheck' | 'labels'
>;

/**
 * How a container lives: what its monitor has to know besides what to launch.
 * @throws ERR_RCX_INVALID_SIGNAL, ERR_RCX_INVALID_OPTION
 */
export function lifeOf(execution: ExecutionConfig, options: ContainerOptions): Life {
  const { restart = { name: 'no', maximumRetryCount: 0 }, autoRemove = false } = options;
  if (autoRemove && restart.name !== 'no') throw restartOfRemoved();
  const healthcheck = { ...execution.Healthcheck, ...options.healthcheck };
  return {
    restart,
    log: { driver: 'json-file', maxSize: 0, maxFile: 1, ...options.log },
    openStdin: options.openStdin ?? false,
    stdinOnce: options.stdinOnce ?? false,
    stopSignal: parseSignal(execution.StopSignal ?? STOP_SIGNAL),
    stopTimeout: options.stopTimeout ?? execution.StopTimeout ?? STOP_TIMEOUT,
    ...(healthcheck.Test !== undefined && { healthcheck }),
    labels: execution.Labels ?? {},
  };
}

function restartOfRemoved(): RcxError {
  return new RcxError('make the container: it cannot both be restarted and be removed at its end', {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'make the container',
    hint: 'leave out --restart or --rm',
  });
}
