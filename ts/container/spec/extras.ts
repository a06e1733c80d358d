import type { ContainerOptions } from '../options.ts';
import type { Join, LaunchExtras } from './types.ts';

/** What few containers ask of the core beside the standard's words; the rest is not in their request at all. */
export function rareExtras(
  { devices, groups, rlimits, trace }: ContainerOptions,
  join: Join[],
): Pick<LaunchExtras, 'join' | 'devices' | 'groups' | 'rlimits' | 'trace'> {
  return {
    ...(join.length > 0 && { join }),
    ...(devices !== undefined && { devices }),
    ...(groups !== undefined && { groups }),
    ...(rlimits !== undefined && { rlimits }),
    ...(trace === true && { trace }),
  };
}
