import type { Engine } from '../engine.ts';
import type { Volume } from './record.ts';
import { VolumeStore } from './store.ts';

/** A volume as `docker volume inspect` describes it; the field names are Docker's. */
export interface VolumeInspect {
  /** RFC 3339, to the second. */
  CreatedAt: string;
  Driver: 'local';
  Labels: Record<string, string> | null;
  Mountpoint: string;
  Name: string;
  Options: Record<string, string> | null;
  Scope: 'local';
}

/** Describes the volume of a name. @throws ERR_RCX_VOLUME_NOT_FOUND */
export function inspectVolume(engine: Engine, name: string): VolumeInspect {
  return describeVolume(new VolumeStore(engine.paths).find(name));
}

/** Describes a volume. */
export function describeVolume({ name, createdAt, labels, options, mountpoint }: Volume): VolumeInspect {
  return {
    CreatedAt: createdAt.replace(/\.\d+Z$/, 'Z'),
    Driver: 'local',
    Labels: orNull(labels),
    Mountpoint: mountpoint,
    Name: name,
    Options: orNull(options),
    Scope: 'local',
  };
}

/** Docker's way to say that there are none. */
function orNull(map: Record<string, string>): Record<string, string> | null {
  return Object.keys(map).length === 0 ? null : map;
}
