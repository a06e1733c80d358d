/** What a container's record says of a network that it is in. */
export interface ContainerNetwork {
  /** Of the network. */
  id: string;
  address: string;
  /** Bits of the network's prefix. */
  prefix: number;
  /** The machine's address. */
  gateway: string;
  mac: string;
}
