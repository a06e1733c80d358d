import { isIP } from 'node:net';
import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import { parsePortRange } from './ports.ts';

/** Ports of a container that are to be reached by ports of the machine. */
export interface PortRequest {
  protocol: 'tcp' | 'udp';
  /** Address of the machine; all of them when left out. */
  ip?: string;
  /** Ports of the machine; free ones when left out. As many as of the container, or several of which one is taken. */
  host?: { first: number; last: number };
  container: { first: number; last: number };
}

const HINT = 'write it as [ip:][port:]port[/protocol], e.g. 8080:80, 127.0.0.1:53:53/udp or 8000-8009:8000-8009';

/**
 * Reads `-p`, in Docker's short form, `127.0.0.1:8080:80/tcp`, or its long one, `published=8080,target=80,protocol=tcp`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parsePublish(text: string): PortRequest {
  return text.includes('=') ? parseLong(text) : parseShort(text);
}

function parseShort(text: string): PortRequest {
  const [, bracketed, plainIp, host, container = '', protocol] =
    /^(?:\[([^\]]*)\]:|([^:[\]]*):(?=[^:]*:))?(?:([^:]*):)?([^:/]+)(?:\/([a-zA-Z]+))?$/.exec(text) ?? [];
  const ip = bracketed ?? plainIp;
  // An address without a port before the container's stands for any: 127.0.0.1::80.
  return request(text, { ip, host, container, protocol });
}

const LONG = ['published', 'target', 'protocol', 'mode', 'host_ip'];

function parseLong(text: string): PortRequest {
  const fields = new Map(text.split(',').map((field) => field.split('=', 2) as [string, string | undefined]));
  for (const [name, value] of fields) {
    if (!LONG.includes(name) || value === undefined) throw invalid(text, `there is ${LONG.join(', ')}`);
  }
  const [host, protocol, ip] = ['published', 'protocol', 'host_ip'].map((name) => fields.get(name));
  return request(text, { ip, host, container: fields.get('target') ?? '', protocol });
}

interface Parts {
  ip: string | undefined;
  host: string | undefined;
  container: string;
  protocol: string | undefined;
}

function request(text: string, { ip, host, container, protocol = 'tcp' }: Parts): PortRequest {
  const transport = protocol.toLowerCase();
  if (transport === 'sctp') throw invalid(text, 'SCTP ports cannot be published: only tcp and udp');
  if (transport !== 'tcp' && transport !== 'udp') throw invalid(text, HINT);
  if (ip && isIP(ip) === 0) throw invalid(text, 'before the ports stands an address of this machine');
  const inner = range(text, container);
  const outer = host === undefined || host === '' || host === '0' ? undefined : range(text, host);
  if (outer !== undefined && sizeOf(outer) !== sizeOf(inner) && sizeOf(inner) !== 1) {
    throw invalid(text, 'the ranges have to be of the same length, or one port of the container');
  }
  return {
    protocol: transport,
    ...(ip && { ip }),
    ...(outer !== undefined && { host: outer }),
    container: inner,
  };
}

function range(text: string, part: string): { first: number; last: number } {
  const read = /^[0-9-]+$/.test(part) ? parsePortRange(part) : undefined;
  if (read === undefined || read.first === 0) throw invalid(text, HINT);
  return { first: read.first, last: read.last };
}

function sizeOf({ first, last }: { first: number; last: number }): number {
  return last - first + 1;
}

function invalid(text: string, hint: string): RcxError {
  return new RcxError(`read --publish: ${quote(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read --publish',
    path: plain(text),
    hint,
  });
}

/** What is published of the ports that a program is said to listen at: each at one that is free. SCTP is none of them. */
export function publishedAll(exposed: Readonly<Record<string, object>>): PortRequest[] {
  return Object.keys(exposed).flatMap((text) => {
    const port = parsePortRange(text);
    if (port === undefined || (port.protocol !== 'tcp' && port.protocol !== 'udp')) return [];
    return [{ protocol: port.protocol, container: { first: port.first, last: port.last } }];
  });
}
