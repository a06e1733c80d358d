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

/** Of the networks that a container is in. */
export interface FromNetworks {
  /** The container's own. */
  addresses: readonly string[];
  /** The machine's; what `host-gateway` stands for. */
  gateway: string;
}

/** At 127.0.0.11 as Docker's, see `crates/core/src/network/name_server.rs`. */
const NAME_SERVER = '127.0.0.11';

/** Contents of `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`. */
export function networkFiles(hostname: string, options: ContainerOptions, networks?: FromNetworks): NetworkFiles {
  const added = (options.addHosts ?? []).map((text) => hostLine(text, networks?.gateway)).join('');
  const { domainname } = options;
  const own = domainname === undefined ? hostname : `${hostname}.${domainname} ${hostname}`;
  // In the host's network the host's own names hold.
  const addresses = networks?.addresses ?? ['127.0.0.1'];
  const ownLines = addresses.map((address) => `${address}\t${own}\n`).join('');
  const hosts = options.network === 'host' ? readHost('/etc/hosts') : `${HOSTS}${ownLines}`;
  const resolver = resolvConf(options, networks === undefined ? undefined : [NAME_SERVER]);
  return { hosts: hosts + added, hostname: `${hostname}\n`, 'resolv.conf': resolver };
}

/** The host's, with what is given instead of a part of it (resolv.conf(5)). */
function resolvConf({ dns = [], dnsSearch = [], dnsOptions = [] }: ContainerOptions, own?: string[]): string {
  dns.forEach(checkServer);
  const servers = own ?? dns;
  const host = readHost('/etc/resolv.conf');
  if (servers.length + dnsSearch.length + dnsOptions.length === 0) return host;
  const lines = host.split('\n');
  const ofHost = (pattern: RegExp) => lines.filter((line) => pattern.test(line));
  const search = dnsSearch.includes('.') ? [] : dnsSearch;
  search.forEach(checkDomain);
  dnsOptions.forEach(checkOption);
  return [
    ...(servers.length > 0 ? servers.map((server) => `nameserver ${server}`) : ofHost(/^\s*nameserver\s/)),
    ...(dnsSearch.length > 0 ? words('search', search) : ofHost(/^\s*(search|domain)\s/)),
    ...(dnsOptions.length > 0 ? words('options', dnsOptions) : ofHost(/^\s*options\s/)),
    '',
  ].join('\n');
}

function words(keyword: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`${keyword} ${values.join(' ')}`];
}

function checkDomain(text: string): void {
  if (!/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,252}$/.test(text)) {
    throw invalid('--dns-search', text, 'give a domain such as example.com, or . for none');
  }
}

function checkOption(text: string): void {
  if (!/^[a-z0-9-]+(:[0-9]+)?$/.test(text)) throw invalid('--dns-option', text, 'give one such as ndots:2');
}

/** Docker takes `name:address`, and `name=address`, too. */
function hostLine(text: string, gateway: string | undefined): string {
  const colon = text.search(/[:=]/);
  const [name, given] = [text.slice(0, colon), text.slice(colon + 1).replace(/^\[(.*)\]$/, '$1')];
  if (given === 'host-gateway' && gateway === undefined) {
    throw invalid('--add-host', text, 'host-gateway is the address of this machine in a network: there is none');
  }
  const address = given === 'host-gateway' ? (gateway ?? '') : given;
  if (colon < 1 || isIP(address) === 0 || /\s/.test(name)) {
    throw invalid('--add-host', text, 'write it as name:address, e.g. db:10.0.0.2');
  }
  return `${address}\t${name}\n`;
}

function checkServer(text: string): void {
  if (isIP(text) === 0) throw invalid('--dns', text, 'give the address of a name server');
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
