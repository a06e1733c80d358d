import { invalid } from './invalid.ts';
import { formatSubnet, isForHost, parseAddress, parseSubnet, type Subnet } from './ipv4.ts';
import { formatSubnet6, isForHost6, parseAddress6, parseSubnet6, type Subnet6 } from './ipv6.ts';

/** Which addresses a network is to have. */
export interface AskedSubnets {
  /** `172.30.0.0/16`, `fd00:1::/64`, one of each family at most; some that nothing else uses when left out. */
  subnets?: readonly string[] | undefined;
  /** The machine's own addresses in them; the first of a subnet when left out. */
  gateways?: readonly string[] | undefined;
  /** Also where no IPv6 subnet is given. */
  ipv6?: boolean | undefined;
}

/** Those that were given. */
export interface Subnets {
  v4?: { subnet: Subnet; gateway?: number };
  v6?: { subnet: Subnet6; gateway?: bigint };
  ipv6: boolean;
}

/** Room for a container beside the machine, and no more addresses than a search goes through quickly. */
const PREFIXES = { shortest: 8, longest: 29 };
/** What IPv6 devices make addresses in (RFC 4291, 2.5.1), or less for networks that are part of one. */
const PREFIXES6 = { shortest: 48, longest: 120 };

/** @throws ERR_RCX_INVALID_OPTION */
export function readSubnets({ subnets = [], gateways = [], ipv6 }: AskedSubnets): Subnets {
  const read: Subnets = { ipv6: ipv6 ?? false };
  for (const text of subnets) {
    if (text.includes(':')) {
      if (read.v6 !== undefined) throw invalid('--subnet', text, 'give one of each family');
      read.v6 = { subnet: readSubnet6(text) };
      if (ipv6 === false) throw invalid('--subnet', text, 'leave it out, or --ipv6=false');
      read.ipv6 = true;
    } else {
      if (read.v4 !== undefined) throw invalid('--subnet', text, 'give one of each family');
      read.v4 = { subnet: readSubnet(text) };
    }
  }
  for (const text of gateways) readGateway(text, read);
  return read;
}

function readGateway(text: string, { v4, v6 }: Subnets): void {
  const family = text.includes(':') ? v6 : v4;
  if (family === undefined) throw invalid('--gateway', text, 'give the --subnet that it is in');
  if (v6 !== undefined && family === v6) {
    const address = parseAddress6(text);
    const host = `give an address of a host in ${formatSubnet6(v6.subnet)}`;
    if (address === undefined || !isForHost6(v6.subnet, address)) throw invalid('--gateway', text, host);
    v6.gateway = address;
  } else if (v4 !== undefined) {
    const address = parseAddress(text);
    const host = `give an address of a host in ${formatSubnet(v4.subnet)}`;
    if (address === undefined || !isForHost(v4.subnet, address)) throw invalid('--gateway', text, host);
    v4.gateway = address;
  }
}

function readSubnet(text: string): Subnet {
  const subnet = parseSubnet(text);
  const { shortest, longest } = PREFIXES;
  if (subnet !== undefined && subnet.prefix >= shortest && subnet.prefix <= longest) return subnet;
  throw invalid('--subnet', text, `write it as 172.30.0.0/16, from /${shortest} to /${longest}, without bits of hosts`);
}

function readSubnet6(text: string): Subnet6 {
  const subnet = parseSubnet6(text);
  const { shortest, longest } = PREFIXES6;
  if (subnet !== undefined && subnet.prefix >= shortest && subnet.prefix <= longest) return subnet;
  throw invalid('--subnet', text, `write it as fd00:1::/64, from /${shortest} to /${longest}, without bits of hosts`);
}
