import { existsSync } from 'node:fs';
import { RcxError } from '../../errors.ts';
import { readHostFile } from '../hostFile.ts';

/** rcx's own profile, which the core loads; see `crates/core/src/security/apparmor.rs`. */
export const DEFAULT_APPARMOR = 'rcx-default';
const UNCONFINED = 'unconfined';
const PROFILES = '/sys/kernel/security/apparmor/profiles';

/** The kernel has AppArmor, it was not turned off when it was booted, and there is a way to its profiles. */
export function hasAppArmor(): boolean {
  return readHostFile('/sys/module/apparmor/parameters/enabled')?.startsWith('Y') === true && existsSync(PROFILES);
}

/**
 * A profile that was asked for, if it can be applied.
 * @throws ERR_RCX_UNSUPPORTED on a kernel without AppArmor, ERR_RCX_APPARMOR for a profile that is not loaded
 */
export function apparmorProfile(name: string): string {
  if (name === UNCONFINED) return name;
  const step = 'read --security-opt';
  if (!hasAppArmor()) {
    throw new RcxError(
      `${step}: apparmor=${name}: the kernel has no AppArmor, or /sys/kernel/security is not mounted`,
      {
        code: 'ERR_RCX_UNSUPPORTED',
        step,
        path: name,
        hint: 'leave it out, or boot with apparmor=1 security=apparmor',
      },
    );
  }
  if (name !== DEFAULT_APPARMOR && !isLoaded(name)) {
    throw new RcxError(`${step}: apparmor=${name}: no such profile is loaded`, {
      code: 'ERR_RCX_APPARMOR',
      step,
      path: name,
      hint: 'load it with: apparmor_parser -r FILE',
    });
  }
  return name;
}

/** Lines of `NAME (MODE)`. Where the list cannot be read, the kernel says so at the start. */
function isLoaded(name: string): boolean {
  const list = readHostFile(PROFILES);
  return list === undefined || list.split('\n').some((line) => line.replace(/ \([a-z]+\)$/, '') === name);
}
