import { RcxError } from '../../errors.ts';
import type { ContainerMount } from '../options.ts';

/** What may be mounted on: numbers that are only read, which lxcfs provides. `crates/core/src/launch/over_proc.rs` has the same list. */
const MOUNTABLE = new Set([
  '/proc/cpuinfo',
  '/proc/diskstats',
  '/proc/loadavg',
  '/proc/meminfo',
  '/proc/net/dev',
  '/proc/slabinfo',
  '/proc/stat',
  '/proc/swaps',
  '/proc/sys/crypto/fips_enabled',
  '/proc/sys/kernel/ns_last_pid',
  '/proc/uptime',
]);

/**
 * Refuses what would cover parts of `/proc`: what the kernel is told there, confinement included, must reach it (CVE-2019-16884,
 * CVE-2025-52881). The core refuses it again where links of the image lead there. The host's own `/proc` may be bound, as in
 * Docker.
 * @throws ERR_RCX_INVALID_MOUNT
 */
export function refuseOverProc({ target, source }: ContainerMount): void {
  const isWithin = target === '/proc' || target.startsWith('/proc/');
  if (!isWithin || MOUNTABLE.has(target) || (target === '/proc' && source === '/proc')) return;
  throw new RcxError(`mount on ${target}: it is inside /proc, where only what the kernel says may be`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: 'mount in the container',
    path: target,
    hint: `choose another place; inside /proc there can be mounts on ${[...MOUNTABLE].slice(0, 4).join(', ')} and few others`,
  });
}
