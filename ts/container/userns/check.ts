import { RcxError } from '../../errors.ts';
import type { ContainerOptions } from '../options.ts';
import { type IdMappings, isMapped } from './mapping.ts';

/**
 * Refuses options that a container with a user namespace, or one without, cannot have.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function checkOptions({ mounts = [], noPivot, privileged }: ContainerOptions, hasNamespace: boolean): void {
  if (!hasNamespace) {
    const shifted = mounts.find((mount) => mount.options.some((option) => /^r?idmap$/.test(option)));
    if (shifted === undefined) return;
    throw refused(
      `mount ${shifted.target} with idmap: the container has no user namespace`,
      'give it one with --userns auto',
    );
  }
  if (privileged) {
    // Docker's words.
    throw refused(
      'privileged mode is incompatible with user namespaces',
      'run the container in the host’s with --userns host',
    );
  }
  if (noPivot) {
    throw refused(
      'change the root without pivot_root in a user namespace: the host’s mounts cannot be detached there',
      'leave out --no-pivot',
    );
  }
  const shared = mounts.find((mount) => mount.options.some((option) => /^r?shared$/.test(option)));
  if (shared !== undefined) {
    throw refused(`share the mounts below ${shared.target} of a user namespace with the host`, 'use rslave');
  }
}

/**
 * Refuses a user that a container has no id for.
 * @param user Docker's `user[:group]`
 * @throws ERR_RCX_INVALID_OPTION
 */
export function checkUser(user: string, mappings: IdMappings): void {
  const [uid = '', gid = ''] = user.split(':', 2);
  refuseUnmapped('user', uid, mappings.uidMappings);
  refuseUnmapped('group', gid, mappings.gidMappings);
}

function refuseUnmapped(kind: string, id: string, mappings: IdMappings['uidMappings']): void {
  if (!/^[0-9]+$/.test(id) || isMapped(mappings, Number(id))) return;
  throw refused(`run as the ${kind} ${id}: it is not mapped in the container’s user namespace`, 'map more ids');
}

function refused(step: string, hint: string): RcxError {
  return new RcxError(step, { code: 'ERR_RCX_INVALID_OPTION', step, hint });
}
