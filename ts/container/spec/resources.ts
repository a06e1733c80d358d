import type { SpecResources } from './types.ts';

/**
 * Limits of the container's cgroup, and the devices that it may use beside the default ones.
 * @param allDevices it may use every device
 */
export function specResources(limits: Omit<SpecResources, 'devices'> = {}, allDevices = false): SpecResources {
  return { devices: [{ allow: allDevices, access: 'rwm' }], ...limits };
}
