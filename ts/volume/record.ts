import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toRcxError } from '../store/nativeError.ts';

/** The label that Docker gives to volumes nobody has named: `volume prune` goes by it. */
export const ANONYMOUS = 'com.docker.volume.anonymous';

/** What is known of a volume besides its content: `volume.json` of its folder. */
export interface VolumeRecord {
  name: string;
  /** ISO 8601. */
  createdAt: string;
  labels: Record<string, string>;
  /** Options of Docker's `local` driver, `type`, `device` and `o`: then the content is not in the folder. */
  options: Record<string, string>;
}

/** A volume of the store. */
export interface Volume extends VolumeRecord {
  folder: string;
  /** Where its content is, or, with options, would be mounted. */
  mountpoint: string;
  /** Why the record could not be read; the content is there all the same. */
  damage?: string;
}

export const RECORD = 'volume.json';
export const DATA = '_data';
/** In a volume's folder: held shared by whoever makes a container that uses it, alone by whoever removes it. */
export const LOCK = 'lock';

/** The volume in a folder; `undefined` where there is none. */
export function readVolume(folder: string, name: string): Volume | undefined {
  const place = { folder, mountpoint: join(folder, DATA) };
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, RECORD), 'utf8'));
    if (isRecord(value) && value.name === name) return { ...value, ...place };
    return damaged(name, place, 'it is not what rcx writes there');
  } catch (error) {
    const { errno, message } = toRcxError(error, 'ERR_RCX_STORE');
    if (errno === 'ENOTDIR' || (errno === 'ENOENT' && !hasData(place.mountpoint))) return undefined;
    return damaged(name, place, message);
  }
}

/** A user's work must not be out of reach because something beside it was lost. */
function damaged(name: string, place: Pick<Volume, 'folder' | 'mountpoint'>, damage: string): Volume {
  return { name, createdAt: new Date(0).toISOString(), labels: {}, options: {}, ...place, damage };
}

function hasData(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is VolumeRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { name, createdAt, labels, options } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof createdAt === 'string' && isMap(labels) && isMap(options);
}

function isMap(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string');
}
