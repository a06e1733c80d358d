import type { InterfaceExtras } from '../container/spec/types.ts';

/**
 * Has a container's devices lead out: of each family the first whose network has a way out. Of one that leads out already nothing is
 * changed by others that come after it.
 */
export function withGateways(devices: readonly InterfaceExtras[]): InterfaceExtras[] {
  const first = [false, true].map((isIpv6) => devices.find((device) => gatewayOf(device, isIpv6) !== undefined));
  return devices.map(({ gateways: _before, ...device }, at) => {
    const gateways = [false, true].flatMap((isIpv6, family) => {
      const gateway = devices[at] === first[family] ? gatewayOf(device, isIpv6) : undefined;
      return gateway === undefined ? [] : [gateway];
    });
    return gateways.length > 0 ? { ...device, gateways } : device;
  });
}

/** The machine's address in the network of a device, without its prefix. */
function gatewayOf({ bridge, addresses }: InterfaceExtras, isIpv6: boolean): string | undefined {
  const isOfFamily = (address: string) => address.includes(':') === isIpv6;
  if (bridge.internal || !addresses.some(isOfFamily)) return undefined;
  return bridge.addresses.find(isOfFamily)?.replace(/\/.*/, '');
}
