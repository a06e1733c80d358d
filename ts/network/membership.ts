/** What a container's record says of a network that it is in. */
export interface ContainerNetwork {
  /** Of the network. */
  id: string;
  address: string;
  /** Bits of the network's prefix. */
  prefix: number;
  /** The machine's address. */
  gateway: string;
  ipv6?: { address: string; prefix: number; gateway: string };
  mac: string;
  /** What it is called there beside its name and its short id. */
  aliases?: string[];
  /** What was asked for, and not given by the network. */
  asked?: { ip?: string; ip6?: string; mac?: string };
}

/** Its addresses. */
export function addressesOf({ address, ipv6 }: ContainerNetwork): string[] {
  return ipv6 === undefined ? [address] : [address, ipv6.address];
}
