import type { KernelFeature } from '../../native/index.ts';
import { overlayApi } from '../../system/kernel.ts';
import { type Finding, missing, ok, reduced } from '../finding.ts';
import type { Host } from '../host.ts';

/** mount_setattr(2) is the newest that containers cannot do without. */
const OLDEST = [5, 12] as const;

/** The kernel's version, its system calls, and namespaces. */
export function kernelFindings(release: string, features: readonly KernelFeature[]): Finding[] {
  const isNamespace = ({ name }: KernelFeature) => name.startsWith('namespace:');
  return [
    kernelVersion(release),
    systemCalls(features.filter((feature) => !isNamespace(feature))),
    namespaces(features.filter(isNamespace)),
  ];
}

/** Whether it is new enough. */
export function kernelVersion(release: string): Finding {
  const name = 'kernel';
  if (isBefore(release, OLDEST)) {
    return missing(
      name,
      `Linux ${release}`,
      'containers need Linux 5.12',
      'install a newer kernel; Debian 12, Ubuntu 22.04 and RHEL 9 have one',
    );
  }
  if (overlayApi(release) === 'fsconfig') return ok(name, `Linux ${release}`);
  return reduced(
    name,
    `Linux ${release}`,
    'before 6.8 an image may have some 120 layers, not 500',
    'none is needed for ordinary images; a newer kernel lifts the limit',
  );
}

function isBefore(release: string, [major, minor]: readonly [number, number]): boolean {
  const [ours = 0, second = 0] = release.split(/[.-]/).map(Number);
  return ours < major || (ours === major && second < minor);
}

function systemCalls(calls: readonly KernelFeature[]): Finding {
  const name = 'system calls';
  const refused = calls.filter((call) => call.refused !== undefined);
  if (refused.length === 0) return ok(name, calls.map((call) => call.name).join(' '));
  const found = refused.map((call) => `${call.name}: ${call.refused}`).join(', ');
  return missing(
    name,
    found,
    'containers are made with these calls',
    refused.some((call) => call.refused === 'EPERM')
      ? 'run rcx as root; inside another container start that one with --privileged, or with --security-opt seccomp=unconfined --cap-add SYS_ADMIN'
      : 'install a kernel of 5.12 or newer, or take away the outer container’s filter: --security-opt seccomp=unconfined',
  );
}

function namespaces(kinds: readonly KernelFeature[]): Finding {
  const name = 'namespaces';
  const of = ({ name: full }: KernelFeature) => full.slice('namespace:'.length);
  // Only --userns makes user namespaces.
  const refused = kinds.filter((kind) => kind.refused !== undefined && of(kind) !== 'user');
  if (refused.length === 0) {
    return ok(
      name,
      kinds
        .filter((kind) => kind.refused === undefined)
        .map(of)
        .join(' '),
    );
  }
  const limit = refused.some((kind) => kind.refused === 'ENOSPC');
  return missing(
    name,
    refused.map((kind) => `${of(kind)}: ${kind.refused}`).join(', '),
    'a container is made of these',
    limit
      ? `sysctl -w ${refused.map((kind) => `user.max_${LIMITS[of(kind)] ?? of(kind)}_namespaces=65536`).join(' ')}`
      : 'run rcx as root, with CAP_SYS_ADMIN where an outer container takes it away',
  );
}

/** namespaces(7): what the limits below /proc/sys/user are called. */
const LIMITS: Record<string, string> = { mount: 'mnt', network: 'net' };

/** A session keyring is made for each container, and charged to its user (keyrings(7)). */
const KEYS = { root: { setting: 'root_maxkeys', enough: 1000 }, user: { setting: 'maxkeys', enough: 200 } };
const ENOUGH_PIDS = 4096;

/** Whose limits, and what they are. */
export interface LimitFacts {
  /** How many files this process may have open. */
  openFiles: number;
  isRoot: boolean;
}

/** Limits of the whole machine that many containers meet. */
export function limitFindings(host: Host, { openFiles, isRoot }: LimitFacts): Finding[] {
  const { setting, enough } = isRoot ? KEYS.root : KEYS.user;
  const keys = host.number(`/proc/sys/kernel/keys/${setting}`);
  const pids = host.number('/proc/sys/kernel/pid_max');
  const mounts = host.number('/proc/sys/fs/mount-max');
  return [
    limit('keys', `kernel.keys.${setting}`, keys, enough, 'each container takes one, and fails without'),
    limit('processes', 'kernel.pid_max', pids, ENOUGH_PIDS, 'containers and their monitors share these'),
    limit('mounts', 'fs.mount-max', mounts, 1000, 'each container has about thirty'),
    openFiles >= 1024
      ? ok('open files', `${openFiles} a process`)
      : reduced(
          'open files',
          `${openFiles} a process`,
          'a pull opens a file for each layer and connection',
          'ulimit -n 1024',
        ),
  ].filter((finding) => finding !== undefined);
}

function limit(
  name: string,
  setting: string,
  value: number | undefined,
  enough: number,
  costs: string,
): Finding | undefined {
  if (value === undefined) return undefined;
  const found = `${setting} = ${value}`;
  return value >= enough ? ok(name, found) : reduced(name, found, costs, `sysctl -w ${setting}=${enough * 10}`);
}
