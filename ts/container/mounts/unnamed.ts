import type { ContainerMount } from '../options.ts';

/** Whether it is `-v /path`: one of the container's `Volumes`, as the image's are, which everything else replaces. */
export function isUnnamedFlag({ type, source, flag }: ContainerMount): boolean {
  return type === 'volume' && source === undefined && flag?.name === '-v';
}
