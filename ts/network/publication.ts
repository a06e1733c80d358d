import type { PortRequest } from '../container/publish.ts';
import type { PortExtras } from '../container/spec/types.ts';
import type { ContainerNetwork } from './membership.ts';
import { addressesOf } from './membership.ts';

/** All addresses of the machine; of IPv6 only where it has any. */
const EVERYWHERE = ['0.0.0.0', '::'];

/** Published ports, for the core. */
export function publicationOf(requests: readonly PortRequest[], own: ContainerNetwork): PortExtras[] {
  return requests.flatMap(({ protocol, ip, host, container }) => {
    const addresses = ip === undefined ? EVERYWHERE : [ip];
    const common = { protocol, addresses, to: addressesOf(own) };
    if (host === undefined) {
      return ports(container).map((port) => ({ ...common, first: 0, last: 0, port, any: true }));
    }
    const any = host.last - host.first !== container.last - container.first;
    return [{ ...common, ...host, port: container.first, any }];
  });
}

function ports({ first, last }: { first: number; last: number }): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
