import { InvalidArgumentError } from 'commander';
import { RcxError } from '../ts/errors.ts';
import { parseDuration } from '../ts/oci/instructions/duration.ts';
import type { Healthcheck } from '../ts/oci/types.ts';
import type { ContainerFlags } from './containerFlags.ts';

/** A duration as Go writes it, `1m30s`, in nanoseconds; Docker wants none or a millisecond and more. */
export function duration(text: string): number {
  const nanoseconds = Number(parseDuration(text) ?? -1);
  if (nanoseconds < 0) throw new InvalidArgumentError('write it as 30s, 1m30s or 500ms');
  if (nanoseconds > 0 && nanoseconds < 1e6) throw new InvalidArgumentError('it is less than 1ms');
  return nanoseconds;
}

/** What the flags say of the health check; what they do not say is the image's. */
export function healthcheckOf(flags: ContainerFlags): Healthcheck | undefined {
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
