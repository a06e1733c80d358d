import { resolve } from 'node:path';
import { RcxError } from '../errors.ts';
import { isForeign, namedNetwork, otherContainer } from './namespaceModes.ts';
import type { ContainerOptions } from './options.ts';
import { requireOwnNamespaces } from './sysctls.ts';

/**
 * The absolute path of a root filesystem.
 * @throws ERR_RCX_INVALID_OPTION when it is empty: an unset variable of a script must not make the working directory one
 */
export function rootfsPath(text: string): string {
  if (text !== '') return resolve(text);
  throw invalid('find the root filesystem', text, 'name the directory');
}

/**
 * Refuses options that contradict each other.
 * @throws ERR_RCX_INVALID_OPTION, ERR_RCX_SYSCTL
 */
export function checkOptions(options: ContainerOptions): void {
  const { domainname, sysctls, network, ipc } = options;
  if (domainname !== undefined) checkHostname(domainname, 'set the domain name');
  if (sysctls !== undefined)
    requireOwnNamespaces(sysctls, { network: isForeign(network) && !isOther(network), ipc: ipc === 'host' });
  const conflict = CONFLICTS.find(([, applies]) => applies(options));
  if (conflict === undefined) return;
  throw new RcxError(`make the container: conflicting options: ${conflict[0]}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'make the container',
    hint: 'what is shared is not to be changed: leave out one of the two',
  });
}

/** Docker's words, and what is shared by asking for both. */
const CONFLICTS: readonly [string, (options: ContainerOptions) => unknown][] = [
  ['hostname and the UTS mode', ({ uts, hostname }) => uts === 'host' && hostname],
  ['domainname and the UTS mode', ({ uts, domainname }) => uts === 'host' && domainname],
  ['hostname and the network mode', ({ network, hostname }) => isOther(network) && hostname],
  ['custom host-to-IP mapping and the network mode', ({ network, addHosts }) => isOther(network) && addHosts?.length],
  ['dns and the network mode', ({ network, dns }) => isOther(network) && dns?.length],
  [
    'port exposing and the container type network mode',
    ({ network, exposedPorts }) => isOther(network) && exposedPorts?.length,
  ],
  [
    'port publishing and the network mode',
    ({ network, ports, publishAll }) => namedNetwork(network) === undefined && (ports?.length || publishAll),
  ],
  ['a static address and the network mode', (options) => hasOwnAddress(options) && !isInNetwork(options)],
  ['an alias and the network mode', (options) => options.networkAliases?.length && !isInNetwork(options)],
  ['several networks and the network mode', (options) => options.moreNetworks?.length && !isInNetwork(options)],
  ['shm-size and the IPC mode', ({ ipc, shmSize }) => shmSize && (ipc === 'host' || ipc === 'none' || isOther(ipc))],
  ['user namespaces and the PID mode', (options) => isRemapped(options) && (options.pid ?? 'private') !== 'private'],
  [
    'user namespaces and namespaces of another container',
    (options) =>
      isRemapped(options) && (isOther(options.ipc) || (isForeign(options.network) && options.network !== 'host')),
  ],
];

/** Whether a container is asked for with a user namespace of its own. */
export function isRemapped({ userns, uidMap, gidMap }: ContainerOptions): boolean {
  return (userns !== undefined && userns !== '' && userns !== 'host') || Boolean(uidMap?.length || gidMap?.length);
}

function isInNetwork({ network }: ContainerOptions): boolean {
  return namedNetwork(network) !== undefined;
}

function hasOwnAddress({ ip, ip6, macAddress }: ContainerOptions): boolean {
  return Boolean(ip || ip6 || macAddress);
}

function isOther(mode: string | undefined): boolean {
  return otherContainer(mode) !== undefined;
}

/** The kernel's limit (uname(2)). */
const LONGEST = 64;

/**
 * A hostname that every reader of `/etc/hosts` understands.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function checkHostname(name: string, step = 'set the hostname'): string {
  if (name.length <= LONGEST && /^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$/.test(name)) return name;
  throw invalid(step, name, `use letters, digits, - and ., ${LONGEST} at most`);
}

function invalid(step: string, text: string, hint: string): RcxError {
  return new RcxError(`${step}: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: text,
    hint,
  });
}
