import { RcxError } from '../../errors.ts';
import type { DeviceLimit } from './options.ts';

const UNITS: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Docker's `--device-read-bps`: `/dev/sda:10mb`. @throws ERR_RCX_INVALID_OPTION */
export function parseDeviceSpeed(text: string): DeviceLimit {
  const hint = 'write it as /dev/sda:10mb; the unit is optional, and can be kb, mb or gb';
  const { path, value } = split(text, hint);
  const [, digits, unit = ''] = /^([0-9]{1,15})(?:([kmg])?i?b?)?$/i.exec(value) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  if (digits === undefined || !Number.isSafeInteger(bytes)) throw invalid(text, hint);
  return { path, value: bytes };
}

/** Docker's `--device-read-iops`: `/dev/sda:1000`. The kernel counts with 32 bits. @throws ERR_RCX_INVALID_OPTION */
export function parseDeviceRate(text: string): DeviceLimit {
  const hint = 'write it as /dev/sda:1000, a number of operations';
  const { path, value } = split(text, hint);
  if (!/^[0-9]{1,10}$/.test(value) || Number(value) >= 2 ** 32) throw invalid(text, hint);
  return { path, value: Number(value) };
}

/** Docker's `--blkio-weight-device`: `/dev/sda:500`. @throws ERR_RCX_INVALID_OPTION */
export function parseDeviceWeight(text: string): DeviceLimit {
  const hint = 'write it as /dev/sda:500, a weight from 10 to 1000';
  const { path, value } = split(text, hint);
  const isWeight = /^[0-9]{1,4}$/.test(value) && Number(value) >= 10 && Number(value) <= 1000;
  if (!isWeight) throw invalid(text, hint);
  return { path, value: Number(value) };
}

/** At the last colon, as names of devices may have some: `/dev/disk/by-path/pci-0000:00:05.0`. */
function split(text: string, hint: string): { path: string; value: string } {
  const [, path, value] = /^(\/dev\/.+):([^:]*)$/.exec(text) ?? [];
  if (path === undefined || value === undefined) throw invalid(text, hint);
  return { path, value };
}

function invalid(text: string, hint: string): RcxError {
  const step = 'limit a device';
  return new RcxError(`${step}: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: text,
    hint,
  });
}
