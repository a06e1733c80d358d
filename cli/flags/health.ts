import { type Command, InvalidArgumentError } from 'commander';
import { RcxError } from '../../ts/errors.ts';
import { parseDuration } from '../../ts/oci/instructions/duration.ts';
import type { Healthcheck } from '../../ts/oci/types.ts';
import { count } from './values.ts';

/** A duration as Go writes it, `1m30s`, in nanoseconds; Docker wants none or a millisecond and more. */
export function duration(text: string): number {
  const nanoseconds = Number(parseDuration(text) ?? -1);
  if (nanoseconds < 0) throw new InvalidArgumentError('write it as 30s, 1m30s or 500ms');
  if (nanoseconds > 0 && nanoseconds < 1e6) throw new InvalidArgumentError('it is less than 1ms');
  return nanoseconds;
}

/** How the container's health is checked. */
export interface HealthFlags {
  healthCmd?: string;
  healthInterval?: number;
  healthTimeout?: number;
  healthStartPeriod?: number;
  healthStartInterval?: number;
  healthRetries?: number;
  healthcheck: boolean;
}

export function addHealthFlags(command: Command): void {
  command
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

/** What the flags say of the health check; what they do not say is the image's. */
export function healthcheckOf(flags: HealthFlags): Healthcheck | undefined {
  const { healthCmd, healthInterval, healthTimeout, healthStartPeriod, healthStartInterval, healthRetries } = flags;
  const given: Healthcheck = {
    ...(healthCmd !== undefined && { Test: ['CMD-SHELL', healthCmd] }),
    ...(healthInterval !== undefined && { Interval: healthInterval }),
    ...(healthTimeout !== undefined && { Timeout: healthTimeout }),
    ...(healthStartPeriod !== undefined && { StartPeriod: healthStartPeriod }),
    ...(healthStartInterval !== undefined && { StartInterval: healthStartInterval }),
    ...(healthRetries !== undefined && { Retries: healthRetries }),
  };
  const isGiven = Object.keys(given).length > 0;
  if (flags.healthcheck) return isGiven ? given : undefined;
  if (isGiven) throw contradiction();
  return { Test: ['NONE'] };
}

function contradiction(): RcxError {
  return new RcxError('read the health check: --no-healthcheck is given, and how to check the health, too', {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read the health check',
    hint: 'leave out --no-healthcheck or the other --health flags',
  });
}
