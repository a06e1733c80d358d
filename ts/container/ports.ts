import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import { findContainer } from './heal.ts';
import { hostAddress, mappingsOf, portName } from './mappings.ts';

/** Ports of one protocol, the last one included. */
export interface PortRange {
  first: number;
  last: number;
  protocol: string;
}

const LAST_PORT = 65_535;
const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'sctp'];

/** From `80`, `80/udp`, `8000-8080/tcp`; `undefined` for what is none. */
export function parsePortRange(text: string): PortRange | undefined {
  const [, from, to = from, protocol = 'tcp'] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/([a-z]+))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (!(first <= last && last <= LAST_PORT) || !PROTOCOLS.includes(protocol)) return undefined;
  return { first, last, protocol };
}

/**
 * The ports of `--expose`, `80`, `53/udp` or `8000-8010/tcp`, each as `80/tcp`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseExpose(text: string): string[] {
  const range = parsePortRange(text.toLowerCase());
  if (range === undefined || range.first === 0) {
    throw new RcxError(`read --expose: ${quote(text)} is no port`, {
      code: 'ERR_RCX_INVALID_OPTION',
      step: 'read --expose',
      path: plain(text),
      hint: 'write 80, 53/udp or 8000-8010/tcp; protocols are tcp, udp and sctp',
    });
  }
  const { first, last, protocol } = range;
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

/** Whether a port, `80/tcp`, is in one of the ranges. */
export function isInRange(port: string, ranges: readonly PortRange[]): boolean {
  const own = parsePortRange(port);
  if (own === undefined) return false;
  return ranges.some(
    ({ first, last, protocol }) => protocol === own.protocol && first <= own.first && own.first <= last,
  );
}

/**
 * Ports of the machine that lead to a container, as `docker port` shows them: all, or the addresses that lead to one.
 * @param text name, id, or prefix of an id
 * @param wanted `80` or `80/udp`
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_INVALID_OPTION, ERR_RCX_PORT_NOT_PUBLISHED
 */
export async function publishedPorts(engine: Engine, text: string, wanted?: string): Promise<string[]> {
  const { config, state } = await findContainer(engine, text);
  const mappings = mappingsOf(state);
  if (wanted === undefined) return mappings.map((mapping) => `${portName(mapping)} -> ${hostAddress(mapping)}`);
  const port = parsePortRange(wanted);
  if (port === undefined || port.first !== port.last) {
    throw new RcxError(`show the container's ports: ${quote(wanted)} is no port`, {
      code: 'ERR_RCX_INVALID_OPTION',
      step: "show the container's ports",
      path: plain(wanted),
      hint: 'write 80, or 80/udp',
    });
  }
  const found = mappings.filter((each) => each.port === port.first && each.protocol === port.protocol);
  if (found.length > 0) return found.map(hostAddress);
  throw new RcxError(`no public port '${port.first}/${port.protocol}' published for ${config.name}`, {
    code: 'ERR_RCX_PORT_NOT_PUBLISHED',
    step: "show the container's ports",
    path: config.name,
  });
}
