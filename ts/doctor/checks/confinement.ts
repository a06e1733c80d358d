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
    found.push(ok('AppArmor', 'in force'));
  }
  if (active.includes('selinux') || host.has('/sys/fs/selinux/enforce')) {
    found.push(ok('SELinux', host.read('/sys/fs/selinux/enforce') === '1' ? 'enforcing' : 'permissive'));
  }
  return found;
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
