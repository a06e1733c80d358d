import type { ContainerOptions } from './options.ts';

/** What a container's creator asked for and nobody could tell from the request to the core; what was not asked for is absent. */
export type Settings = Pick<ContainerOptions, (typeof KEPT)[number]>;

const KEPT = ['deviceRules', 'sysctls', 'shmSize', 'cidFile', 'ipc', 'pid', 'uts', 'cgroupns', 'runtime'] as const;

/** The part of the options that is kept as it was given. */
export function settingsOf(options: ContainerOptions): Settings {
  return Object.fromEntries(KEPT.map((name) => [name, options[name]]));
}
