import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerStore } from '../container/store.ts';
import { type Leftover, type Problem, REPAIR } from '../store/check/findings.ts';
import type { StorePaths } from '../store/paths.ts';
import { isHalfFilled } from './copyUp.ts';
import { RECORD, type Volume } from './record.ts';
import { VolumeStore } from './store.ts';
import { volumesOf } from './users.ts';

export interface VolumeCheck {
  count: number;
  problems: Problem[];
  leftovers: Leftover[];
}

/** Checks that volumes have what belongs to them, and that those are there that containers have. Their content is the user's. */
export function checkVolumes(paths: StorePaths, containers: ContainerStore): VolumeCheck {
  const volumes = new VolumeStore(paths).list();
  const known = new Set(volumes.map(({ name }) => name));
  const missing = containers.configs().flatMap(({ id, config }) => {
    const lost = config === undefined ? [] : volumesOf(config).filter((name) => !known.has(name));
    return lost.map((name) => missingOf(paths, name, config?.name ?? id));
  });
  return {
    count: volumes.length,
    problems: [...volumes.flatMap(volumeProblems), ...missing],
    leftovers: volumes.filter(isHalfFilled).map(halfFilled),
  };
}

function volumeProblems({ name, folder, mountpoint, damage }: Volume): Problem[] {
  const path = join(folder, RECORD);
  const problem = (message: string, at: string): Problem => ({ kind: 'volume', message, path: at, hint: REPAIR, name });
  const hasData = lstatSync(mountpoint, { throwIfNoEntry: false })?.isDirectory() === true;
  return [
    ...(damage === undefined ? [] : [problem(`volume ${name}: ${path}: its record is damaged: ${damage}`, path)]),
    ...(hasData ? [] : [problem(`volume ${name}: ${mountpoint}: it is missing`, mountpoint)]),
  ];
}

function missingOf(paths: StorePaths, name: string, container: string): Problem {
  const path = join(paths.volumes, name);
  const message = `container ${container}: ${path}: its volume is missing`;
  return { kind: 'volume', message, path, hint: `make it, empty, with: rcx volume create ${name}`, name };
}

function halfFilled({ name, folder }: Volume): Leftover {
  return {
    kind: 'volume',
    message: `volume ${name}: ${folder}: what it was being filled with is not all in it`,
    path: folder,
  };
}
