import { existsSync, type Stats, statSync } from 'node:fs';
import { quote } from '../../oci/quote.ts';
import type { SpecBlockIo } from '../spec/types.ts';
import { invalidLimit } from './invalid.ts';
import type { DeviceLimit, FixedLimitOptions, LimitOptions } from './options.ts';

const WEIGHTS = { least: 10, most: 1000 };

/** Limits of block devices, and by which paths they were given. */
export interface BlockLimits {
  blockIO?: SpecBlockIo;
  /** By `major:minor`. */
  paths: Record<string, string>;
}

/** A device's numbers. */
interface Numbers {
  major: number;
  minor: number;
}

/** @throws ERR_RCX_INVALID_OPTION for a weight that cannot be, and for what is no whole block device */
export function blockLimits(options: LimitOptions & FixedLimitOptions): BlockLimits {
  const paths: Record<string, string> = {};
  const find = (flag: string, { path }: DeviceLimit): Numbers => {
    const numbers = blockDevice(flag, path);
    paths[`${numbers.major}:${numbers.minor}`] = path;
    return numbers;
  };
  const rates = (flag: string, limits: DeviceLimit[] | undefined) =>
    limits?.map((limit) => ({ ...find(flag, limit), rate: limit.value }));
  checkWeight('--blkio-weight', options.blkioWeight);
  const weights = options.blkioWeightDevices?.map((limit) => {
    checkWeight('--blkio-weight-device', limit.value);
    return { ...find('--blkio-weight-device', limit), weight: limit.value };
  });
  const all = {
    weight: options.blkioWeight || undefined,
    weightDevice: weights,
    throttleReadBpsDevice: rates('--device-read-bps', options.deviceReadBps),
    throttleWriteBpsDevice: rates('--device-write-bps', options.deviceWriteBps),
    throttleReadIOPSDevice: rates('--device-read-iops', options.deviceReadIops),
    throttleWriteIOPSDevice: rates('--device-write-iops', options.deviceWriteIops),
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return { ...(given.length > 0 && { blockIO: Object.fromEntries(given) }), paths };
}

function checkWeight(flag: string, weight: number | undefined): void {
  if (weight === undefined || weight === 0 || (weight >= WEIGHTS.least && weight <= WEIGHTS.most)) return;
  throw invalidLimit(`${flag} is from ${WEIGHTS.least} to ${WEIGHTS.most}`, 'leave it out, or give 0, for the default');
}

/** The kernel limits whole devices only: what a partition is asked for goes through the same queue. */
function blockDevice(flag: string, path: string): Numbers {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalidLimit(`${flag}: ${quote(path)}: ${code}`, 'name a disk of this machine, as lsblk shows them');
  }
  const numbers = deviceNumbers(stats.rdev);
  if (!stats.isBlockDevice()) {
    throw invalidLimit(
      `${flag}: ${quote(path)} is no block device`,
      'name a disk of this machine, as lsblk shows them',
    );
  }
  if (existsSync(`/sys/dev/block/${numbers.major}:${numbers.minor}/partition`)) {
    throw invalidLimit(`${flag}: ${quote(path)} is a partition`, 'name the whole disk: limits are for those only');
  }
  return numbers;
}

/** As Linux packs them, makedev(3). */
export function deviceNumbers(device: number): Numbers {
  const packed = BigInt(device);
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & ~0xfffn);
  const minor = (packed & 0xffn) | ((packed >> 12n) & 0xffff_ff00n);
  return { major: Number(major), minor: Number(minor) };
}
