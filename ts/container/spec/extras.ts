import type { ContainerOptions } from '../options.ts';
import type { Join, LaunchExtras } from './types.ts';

/** What few containers ask of the core beside the standard's words; the rest is not in their request at all. */
export function rareExtras(
  { devices, groups, rlimits }: ContainerOptions,
  join: Join[],
): Pick<LaunchExtras, 'join' | 'devices' | 'groups' | 'rlimits'> {
  return {
    ...(join.length > 0 && { join }),
    ...(devices !== undefined && { devices }),
    ...(groups !== undefined && { groups }),
    ...(rlimits !== undefined && { rlimits }),
  };
}
