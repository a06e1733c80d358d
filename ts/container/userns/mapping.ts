import { RcxError } from '../../errors.ts';

/** Consecutive ids of a user namespace and what the host calls them; the runtime-spec's words. */
export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

/** The ids of one user namespace. */
export interface IdMappings {
  uidMappings: IdMapping[];
  gidMappings: IdMapping[];
}

/** Ids below are those of system accounts, which own the files of every image (`SYS_UID_MAX`, login.defs(5)). */
export const LEAST_IDS = 1000;
/** As many lines as the kernel takes (user_namespaces(7)). */
const MOST_RANGES = 340;
/** One less than -1, which the kernel takes for no id. */
const LAST_ID = 0xffff_fffe;

/** `CONTAINER:HOST[:SIZE]`, of one id without a size. @throws ERR_RCX_INVALID_OPTION */
export function parseIdMapping(text: string): IdMapping {
  const match = /^([0-9]{1,10}):([0-9]{1,10})(?::([0-9]{1,10}))?$/.exec(text);
  if (match === null) throw invalidIds(text, 'write it as CONTAINER:HOST:SIZE, e.g. 0:100000:65536');
  return { containerID: Number(match[1]), hostID: Number(match[2]), size: Number(match[3] ?? 1) };
}

/** As the flags have it. */
export function showIdMapping({ containerID, hostID, size }: IdMapping): string {
  return `${containerID}:${hostID}:${size}`;
}

/**
 * Makes sure that a container can live with these ids.
 * @throws ERR_RCX_INVALID_OPTION when ranges overlap, are no ids, or leave out those that every image uses
 */
export function checkIdMappings(mappings: readonly IdMapping[]): void {
  const shown = mappings.map(showIdMapping).join(' ');
  if (mappings.length > MOST_RANGES) throw invalidIds(`${mappings.length} ranges`, `the kernel takes ${MOST_RANGES}`);
  for (const mapping of mappings) {
    const { containerID, hostID, size } = mapping;
    if (size < 1 || containerID + size - 1 > LAST_ID || hostID + size - 1 > LAST_ID) {
      throw invalidIds(showIdMapping(mapping), `a range has one id at the least, and ${LAST_ID} is the last`);
    }
  }
  for (const side of ['containerID', 'hostID'] as const) {
    const whose = side === 'hostID' ? 'of the host' : 'of the container';
    if (overlaps(mappings, side)) throw invalidIds(shown, `two ranges have the same ids ${whose}`);
  }
  if (mappedFromZero(mappings) < LEAST_IDS) {
    throw invalidIds(
      shown,
      `the container’s ids 0 to ${LEAST_IDS - 1} must be mapped: files of every image belong to accounts of the system`,
    );
  }
}

function overlaps(mappings: readonly IdMapping[], side: 'containerID' | 'hostID'): boolean {
  const sorted = mappings.toSorted((a, b) => a[side] - b[side]);
  return sorted.some((each, index) => {
    const before = sorted[index - 1];
    return before !== undefined && before[side] + before.size > each[side];
  });
}

/** How many ids, from 0 on, are mapped without a gap. */
function mappedFromZero(mappings: readonly IdMapping[]): number {
  let next = 0;
  for (const { containerID, size } of mappings.toSorted((a, b) => a.containerID - b.containerID)) {
    if (containerID !== next) break;
    next += size;
  }
  return next;
}

/** Whether an id of the container's is one of the host's, too. */
export function isMapped(mappings: readonly IdMapping[], id: number): boolean {
  return mappings.some(({ containerID, size }) => id >= containerID && id < containerID + size);
}

/** Something that is wrong with ids that a user gave. */
export function invalidIds(text: string, hint: string): RcxError {
  return new RcxError(`map the ids of the container: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'map the ids of the container',
    path: text,
    hint,
  });
}
