/** An IPv4 network: the address with all bits of hosts zero, and the number of its other bits. */
export interface Subnet {
  base: number;
  prefix: number;
}

/** An address as a number; `undefined` for what is none. Numbers with leading zeros are octal to some, and none here. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.');
}

/** `172.30.0.0/16`; `undefined` for what is none, and where bits of hosts are set. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = '', bits = '', ...rest] = text.split('/');
  const base = parseAddress(address);
  const prefix = /^(0|[1-9]\d?)$/.test(bits) ? Number(bits) : 33;
  if (base === undefined || prefix > 32 || rest.length > 0) return undefined;
  return base % sizeOf({ base, prefix }) === 0 ? { base, prefix } : undefined;
}

export function formatSubnet({ base, prefix }: Subnet): string {
  return `${formatAddress(base)}/${prefix}`;
}

/** How many addresses it has, those of the network itself and of everybody in it among them. */
export function sizeOf({ prefix }: Subnet): number {
  return 2 ** (32 - prefix);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address < subnet.base + sizeOf(subnet);
}

/** Whether a host may have an address: all but the first, which is the network's, and the last, which is everybody's. */
export function isForHost(subnet: Subnet, address: number): boolean {
  return contains(subnet, address) && address > subnet.base && address < subnet.base + sizeOf(subnet) - 1;
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return contains(one, other.base) || contains(other, one.base);
}
