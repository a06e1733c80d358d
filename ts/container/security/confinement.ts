import type { SecurityOptions as Asked } from '../options.ts';
import type { SecurityRecord } from '../record.ts';
import { CAPABILITIES, MASKED_PATHS, READONLY_PATHS } from '../spec/defaults.ts';
import type { LaunchExtras } from '../spec/types.ts';
import { availableCapabilities, capabilitiesOf, capabilityChange } from './capabilities.ts';
import { readSecurityOptions } from './securityOpt.ts';
import type { LabelWish } from './selinux.ts';

/** What a container may do: its options, read and made up with the defaults. */
export interface Confinement {
  capabilities: string[];
  noNewPrivileges: boolean;
  /** `undefined` for rcx's own where the kernel has AppArmor. */
  apparmor?: string | undefined;
  /** Of the SELinux labels, where anything was said. */
  label?: LabelWish | undefined;
  maskedPaths: string[];
  readonlyPaths: string[];
  /** All devices of the host, and its kernel filesystems to write to. */
  privileged: boolean;
  /** For the core. */
  extras: Pick<LaunchExtras, 'seccomp' | 'hostDevices'>;
  /** For `inspect`; absent when nothing was asked for. */
  record?: SecurityRecord;
}

/**
 * The confinement that options ask for. Nothing is made and nothing is pulled before they are known to be right.
 * @throws ERR_RCX_INVALID_OPTION, ERR_RCX_UNSUPPORTED, ERR_RCX_SECCOMP_PROFILE, ERR_RCX_APPARMOR
 */
export function confinementOf({ capAdd, capDrop, securityOpt, privileged = false }: Asked): Confinement {
  const isPlain = !privileged && ![capAdd, capDrop, securityOpt].some((list) => list !== undefined && list.length > 0);
  if (isPlain) return plain();
  const change = capabilityChange(capAdd, capDrop);
  const options = readSecurityOptions(securityOpt ?? []);
  const openPaths = privileged || options.systemPathsUnconfined;
  // A privileged container has a filter only if one is asked for, as with Docker.
  const seccomp = options.seccomp ?? (privileged ? 'unconfined' : 'default');
  // As Docker shows it.
  const securityShown = privileged && options.shown.length === 0 ? ['label=disable'] : options.shown;
  return {
    capabilities: privileged ? availableCapabilities() : capabilitiesOf(change),
    noNewPrivileges: options.noNewPrivileges,
    apparmor: options.apparmor ?? (privileged ? 'unconfined' : undefined),
    label: options.label,
    maskedPaths: openPaths ? [] : [...MASKED_PATHS],
    readonlyPaths: openPaths ? [] : [...READONLY_PATHS],
    privileged,
    extras: { ...(seccomp !== 'default' && { seccomp }), ...(privileged && { hostDevices: true }) },
    record: { capAdd: change.add, capDrop: change.drop, securityOpt: securityShown, privileged },
  };
}

function plain(): Confinement {
  return {
    capabilities: [...CAPABILITIES],
    noNewPrivileges: false,
    maskedPaths: [...MASKED_PATHS],
    readonlyPaths: [...READONLY_PATHS],
    privileged: false,
    extras: {},
  };
}
