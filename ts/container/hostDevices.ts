import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import type { ContainerDevice } from './options.ts';

/** Not of the machine but of whoever has mounted it: neither Docker nor the core looks into them. */
const SKIPPED = new Set(['pts', 'shm', 'fd', 'mqueue']);

/**
 * Makes sure that there are the devices that a container is to have, so that it is not made in vain.
 * @throws ERR_RCX_DEVICE with the first that is missing, or is neither a device nor a directory with one
 */
export function requireDevices(devices: readonly ContainerDevice[]): void {
  for (const { source } of devices) {
    const found = look(source);
    if (isDevice(found)) continue;
    if (!found.isDirectory()) throw failure(source, 'not a device node', 'name a device, or a directory of devices');
    if (!holdsDevice(source)) throw failure(source, 'there is no device in it');
  }
}

function look(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'no such file or directory' : (error as Error).message;
    throw failure(path, why, undefined, error);
  }
}

function isDevice(found: Pick<Stats, 'isBlockDevice' | 'isCharacterDevice'>): boolean {
  return found.isBlockDevice() || found.isCharacterDevice();
}

function holdsDevice(directory: string): boolean {
  return readdirSync(directory, { withFileTypes: true }).some(
    (entry) =>
      isDevice(entry) || (entry.isDirectory() && !SKIPPED.has(entry.name) && holdsDevice(join(directory, entry.name))),
  );
}

function failure(path: string, why: string, hint?: string, cause?: unknown): RcxError {
  return new RcxError(`find the device: ${path}: ${why}`, {
    code: 'ERR_RCX_DEVICE',
    step: 'find the device',
    path,
    hint,
    ...(cause !== undefined && { cause, errno: errnoOf(cause) }),
  });
}

function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
