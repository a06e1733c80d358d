import type { SpecResources } from './types.ts';

/** Limits of the container's cgroup, and the devices that it may use beside the default ones. */
export function specResources(limits: Omit<SpecResources, 'devices'> = {}): SpecResources {
  return { devices: [{ allow: false, access: 'rwm' }], ...limits };
}
