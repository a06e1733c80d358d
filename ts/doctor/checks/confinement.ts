import { labelDefaults } from '../../container/security/selinux.ts';
import { type Finding, missing, ok, reduced } from '../finding.ts';
import type { Host } from '../host.ts';

/** What holds a container's processes beside namespaces. */
export function confinementFindings(host: Host): Finding[] {
  return [seccomp(host), ...securityModules(host), keyrings(host)];
}

function seccomp(host: Host): Finding {
  const actions = host.read('/proc/sys/kernel/seccomp/actions_avail');
  if (actions !== undefined) return ok('seccomp', 'filters');
  return missing(
    'seccomp',
    'not in this kernel',
    'system calls cannot be filtered, and containers are not started without',
    'use a kernel that is built with CONFIG_SECCOMP_FILTER, or run with --security-opt seccomp=unconfined',
  );
}

/** Those that a profile or a label can be given for. They are not there on most systems, which is no fault. */
function securityModules(host: Host): Finding[] {
  const active = host.read('/sys/kernel/security/lsm')?.split(',') ?? [];
  const found: Finding[] = [];
  if (host.read('/sys/module/apparmor/parameters/enabled') === 'Y') {
    found.push(appArmor(host));
  }
  if (active.includes('selinux') || host.has('/sys/fs/selinux/enforce')) {
    found.push(selinux(host));
  }
  return found;
}

/** As the core finds it out, see `crates/core/src/security/apparmor.rs`. */
function appArmor(host: Host): Finding {
  const costs = 'containers run without a profile';
  if (!host.has('/sys/kernel/security/apparmor')) {
    const fix = 'mount -t securityfs securityfs /sys/kernel/security';
    return reduced('AppArmor', 'in the kernel, and no way to its profiles', costs, fix);
  }
  const parsers = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser'];
  if (parsers.some((path) => host.has(path))) return ok('AppArmor', 'in force, with a profile for containers');
  return reduced('AppArmor', 'in the kernel, without apparmor_parser', costs, 'install the package apparmor');
}

/** As `labelDefaults` finds it out. */
function selinux(host: Host): Finding {
  const enforce = host.read('/sys/fs/selinux/enforce');
  const costs = 'containers run without labels';
  if (enforce === undefined) {
    const fix = 'mount -t selinuxfs selinuxfs /sys/fs/selinux';
    return reduced('SELinux', 'in the kernel, and no way to it', costs, fix);
  }
  const state = enforce === '1' ? 'enforcing' : 'permissive';
  if (labelDefaults((path) => host.read(path)) !== undefined)
    return ok('SELinux', `${state}, with labels for containers`);
  const fix = 'install the package container-selinux';
  return reduced('SELinux', `${state}, with a policy that has no labels for containers`, costs, fix);
}

function keyrings(host: Host): Finding {
  if (host.has('/proc/keys')) return ok('keyrings', 'one of its own for each container');
  return reduced(
    'keyrings',
    'not in this kernel',
    'none: there are no keys either that a container could see',
    'nothing is needed; CONFIG_KEYS has them',
  );
}
