import type { RcxError } from '../../errors.ts';
import { type Finding, missing, ok, reduced } from '../finding.ts';
import type { Host } from '../host.ts';

/** What is known of an ordinary user and the namespace that he is root of. */
export interface UserFacts {
  /** His number outside of it. */
  uid: number;
  /** Whether his own id is the only one in it. */
  isSingleId: boolean;
  /** Whether newuidmap(1) and newgidmap(1) are there. */
  hasHelpers: boolean;
}

const DOCUMENT = 'docs/rootless.md';

/** An ordinary user's namespace, which this process is in. */
export function userFindings({ uid, isSingleId, hasHelpers }: UserFacts): Finding[] {
  return [ok('privilege', `user ${uid}, root of a namespace of his own`), subordinateIds(isSingleId, hasHelpers)];
}

function subordinateIds(isSingleId: boolean, hasHelpers: boolean): Finding {
  const name = 'subordinate ids';
  if (!isSingleId) return ok(name, 'in use');
  const range = 'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER';
  return reduced(
    name,
    hasHelpers ? 'none of this user' : 'no newuidmap and newgidmap to map them with',
    'his own id is the only one in containers: programs there have no other user than root, and no file can be given to one',
    `${hasHelpers ? range : `install the package uidmap; ${range}, unless /etc/subuid has his name`}; then rcx system reset`,
  );
}

/**
 * A user's namespace that could not be made.
 * @param runtime path of the program that makes it, which an AppArmor profile has to name
 */
export function noNamespace(host: Host, uid: number, error: RcxError, runtime: string): Finding {
  return missing(
    'privilege',
    `user ${uid}: ${error.message}`,
    'containers of an ordinary user run in a user namespace; those of root do not need it',
    forbidden(host, error, runtime) ?? error.hint ?? `see ${DOCUMENT}, or run rcx as root`,
  );
}

/** What lifts a ban on user namespaces, by what makes it. */
function forbidden(host: Host, { errno }: RcxError, runtime: string): string | undefined {
  // Of Debian's kernels.
  if (host.number('/proc/sys/kernel/unprivileged_userns_clone') === 0) {
    return 'sysctl -w kernel.unprivileged_userns_clone=1';
  }
  if (host.number('/proc/sys/user/max_user_namespaces') === 0) return 'sysctl -w user.max_user_namespaces=15000';
  if (host.number('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === 1) return appArmorProfile(runtime);
  if (/^Seccomp:\s+2$/m.test(host.read('/proc/self/status') ?? '')) {
    return 'start the outer container, whose filter forbids it, with --security-opt seccomp=unconfined';
  }
  // clone(2): a process whose root is not that of its mount namespace may make none.
  if (errno === 'EPERM') return 'leave the chroot, if this is one, or run rcx as root';
  return undefined;
}

/** Since Ubuntu 23.10 a program without a profile that allows it has no capabilities in the namespaces that it makes. */
function appArmorProfile(runtime: string): string {
  const profile = '/etc/apparmor.d/rcx-runtime';
  const text = `abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile rcx-runtime "${runtime}" flags=(unconfined) { userns, }\\n`;
  return `printf '${text}' > ${profile} && apparmor_parser -r ${profile}`;
}

/** Settings of the machine's own network, which cannot be read from within another one. */
export function outerNetworkFindings(host: Host, gid: number): Finding[] {
  return [ports(host), ping(host, gid)];
}

function ports(host: Host): Finding {
  const first = host.number('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024;
  const name = 'published ports';
  if (first <= 80) return ok(name, `from ${first} on`);
  return reduced(
    name,
    `from ${first} on`,
    `-p 80:80 and other ports below ${first} of this machine are refused`,
    'sysctl -w net.ipv4.ip_unprivileged_port_start=80, as root; or publish another port, as -p 8080:80',
  );
}

/** icmp(7): who may ask with a socket that needs no capability. */
function ping(host: Host, gid: number): Finding {
  const name = 'ping';
  const [least = 1, most = 0] = (host.read('/proc/sys/net/ipv4/ping_group_range') ?? '').split(/\s+/).map(Number);
  if (least <= gid && gid <= most) return ok(name, `allowed to the groups ${least} to ${most}`);
  return reduced(
    name,
    'not allowed to the group of this user',
    'ping in a container reaches other containers, and nothing outside',
    "sysctl -w net.ipv4.ping_group_range='0 2147483647', as root",
  );
}
