import type { UserNamespaceOptions } from '../options.ts';
import { checkIdMappings, type IdMapping, type IdMappings, invalidIds } from './mapping.ts';

/** Ids of a range that nobody gave a size for: all that distributions use, `nobody` (65534) among them. */
export const DEFAULT_SIZE = 65_536;

/** What was asked for: ids that are still to be found, or that were given. */
export type UserNamespaceMode = { auto: { size: number } } | { mappings: IdMappings };

/**
 * Reads what `--userns`, `--uidmap` and `--gidmap` say together.
 * @returns `undefined` for the host's user namespace
 * @throws ERR_RCX_INVALID_OPTION
 */
export function userNamespaceMode(options: UserNamespaceOptions): UserNamespaceMode | undefined {
  const { userns = '', uidMap = [], gidMap = [] } = options;
  if (uidMap.length > 0 || gidMap.length > 0) {
    if (userns !== '') throw invalidIds(userns, '--userns cannot be given together with --uidmap and --gidmap');
    // As with podman: what is given for one of them counts for both.
    return given(uidMap.length > 0 ? uidMap : gidMap, gidMap.length > 0 ? gidMap : uidMap);
  }
  if (userns === '' || userns === 'host') return undefined;
  if (userns === 'auto') return { auto: { size: DEFAULT_SIZE } };
  const auto = /^auto:size=([0-9]{1,10})$/.exec(userns);
  if (auto !== null) {
    const size = Number(auto[1]);
    checkIdMappings([{ containerID: 0, hostID: 0, size }]);
    return { auto: { size } };
  }
  const range = /^([0-9]{1,10})(?::([0-9]{1,10}))?$/.exec(userns);
  if (range === null) {
    throw invalidIds(userns, '--userns is host, auto, auto:size=NUMBER or FIRSTHOSTID[:NUMBER], e.g. 200000:65536');
  }
  const mapping = { containerID: 0, hostID: Number(range[1]), size: Number(range[2] ?? DEFAULT_SIZE) };
  return given([mapping], [mapping]);
}

function given(uidMappings: IdMapping[], gidMappings: IdMapping[]): UserNamespaceMode {
  checkIdMappings(uidMappings);
  checkIdMappings(gidMappings);
  return { mappings: { uidMappings: [...uidMappings], gidMappings: [...gidMappings] } };
}
