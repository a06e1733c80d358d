import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import type { ContainerOptions } from './options.ts';
import type { StoredContainer } from './store.ts';

/** The three files that rcx itself provides in a container, by their name in its folder. */
export interface NetworkFiles {
  hosts: string;
  hostname: string;
  'resolv.conf': string;
}

/** Host path of one of them: those of a container in another one's network are the other one's. */
export function networkFile(
  { config, folder }: Pick<StoredContainer, 'config' | 'folder'>,
  name: keyof NetworkFiles,
): string {
  const other = config.request.rcx.join?.find(({ namespaces }) => namespaces.includes('network'));
  return join(other?.folder ?? folder, name);
}

const HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/**
 * Contents of `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`.
 * @param address of the container in its network
 */
export function networkFiles(hostname: string, options: ContainerOptions, address = '127.0.0.1'): NetworkFiles {
  const added = (options.addHosts ?? []).map(hostLine).join('');
  const { domainname } = options;
  const own = domainname === undefined ? hostname : `${hostname}.${domainname} ${hostname}`;
  // In the host's network the host's own names hold.
  const hosts = options.network === 'host' ? readHost('/etc/hosts') : `${HOSTS}${address}\t${own}\n`;
  const servers = (options.dns ?? []).map(serverLine).join('');
  return {
    hosts: hosts + added,
    hostname: `${hostname}\n`,
    'resolv.conf': servers === '' ? readHost('/etc/resolv.conf') : servers,
  };
}

function hostLine(text: string): string {
  const colon = text.indexOf(':');
  const [name, address] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 1 || isIP(address) === 0 || /\s/.test(name)) {
    throw invalid('--add-host', text, 'write it as name:address, e.g. db:10.0.0.2');
  }
  return `${address}\t${name}\n`;
}

function serverLine(text: string): string {
  if (isIP(text) === 0) throw invalid('--dns', text, 'give the address of a name server');
  return `nameserver ${text}\n`;
}

function invalid(flag: string, text: string, hint: string): RcxError {
  return new RcxError(`read ${flag}: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: `read ${flag}`,
    path: text,
    hint,
  });
}

/** A host without the file is a host without names: the container gets an empty one. */
function readHost(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
