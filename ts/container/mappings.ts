import type { ContainerConfig, ContainerState } from './record.ts';

/** A port of the machine that leads to a container, as long as it runs. */
export interface PortMapping {
  protocol: 'tcp' | 'udp';
  /** Of the machine; `0.0.0.0` and `::` stand for all. */
  ip: string;
  hostPort: number;
  port: number;
}

/** In the order of the container's ports, then of the machine's addresses. */
export function mappingsOf({ ports = [] }: Pick<ContainerState, 'ports'>): PortMapping[] {
  const read = ports.map(({ protocol, at, to }) => {
    const [ip, hostPort] = split(at);
    return { protocol, ip, hostPort, port: split(to)[1] };
  });
  const family = (ip: string) => (ip.includes(':') ? 1 : 0);
  return read.sort(
    (one, other) =>
      one.port - other.port ||
      compare(one.protocol, other.protocol) ||
      family(one.ip) - family(other.ip) ||
      one.hostPort - other.hostPort,
  );
}

/** `80/tcp`. */
export function portName({ port, protocol }: Pick<PortMapping, 'port' | 'protocol'>): string {
  return `${port}/${protocol}`;
}

/** `0.0.0.0:8080`, `[::]:8080`. */
export function hostAddress({ ip, hostPort }: Pick<PortMapping, 'ip' | 'hostPort'>): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${hostPort}`;
}

/** Docker's `NetworkSettings.Ports`: what is exposed and not published is `null`. */
export function inspectPorts(
  { execution }: Pick<ContainerConfig, 'execution'>,
  state: Pick<ContainerState, 'ports'>,
): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const exposed of Object.keys(execution.ExposedPorts ?? {})) ports[exposed] = null;
  for (const mapping of mappingsOf(state)) {
    const name = portName(mapping);
    ports[name] = [...(ports[name] ?? []), { HostIp: mapping.ip, HostPort: String(mapping.hostPort) }];
  }
  return ports;
}

function split(address: string): [string, number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), Number(address.slice(colon + 1))];
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
