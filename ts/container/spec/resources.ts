import { specDeviceRule } from './deviceRules.ts';
import type { SpecResources } from './types.ts';

/**
 * Limits of the container's cgroup, and the devices that it may use beside the default ones.
 * @param devices all of them, or those of rules
 */
export function specResources(
  limits: Omit<SpecResources, 'devices'> = {},
  { allDevices = false, deviceRules = [] }: { allDevices?: boolean; deviceRules?: readonly string[] | undefined } = {},
): SpecResources {
  return { devices: [{ allow: allDevices, access: 'rwm' }, ...deviceRules.map(specDeviceRule)], ...limits };
}
