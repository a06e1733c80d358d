import type { EntryMetadata, EntryXattr, LayerSinkOptions, TreeEntry } from '../../native/index.ts';

/** Who owns what is copied, and what of it is kept. */
export interface MetadataRules {
  /** `keep`: as at the source. A number: that user and group. `caller`: whoever copies, which needs no doing. */
  owner: 'keep' | 'caller' | { uid: number; gid: number };
  /** With file capabilities and access lists, whose numbers mean something only with the owners they go with. */
  archive: boolean;
}

const SETUID = 0o4000;
const SETGID = 0o2000;

/**
 * Docker's documented rules: what is copied into a container becomes root's, on this machine it becomes the caller's, and with
 * `archive` it keeps its owner, where the caller may give files away.
 */
export function rulesFor(direction: 'in' | 'out', archive: boolean, { ownership }: LayerSinkOptions): MetadataRules {
  if (archive && ownership !== 'callers') return { owner: 'keep', archive };
  return { owner: direction === 'in' ? { uid: 0, gid: 0 } : 'caller', archive };
}

/**
 * What an entry gets. A program that would be run as its owner is not, once it has another one: whoever put it there would have
 * become that user.
 */
export function metadataFor(entry: TreeEntry, rules: MetadataRules): EntryMetadata {
  const { uid, gid, mtime, mtimeNsec, xattrs = [] } = entry;
  const owner = ownerOf(entry, rules.owner);
  let { mode } = entry;
  if (entry.kind === 'file' && owner.uid !== uid) mode &= ~SETUID;
  if (entry.kind === 'file' && owner.gid !== gid) mode &= ~SETGID;
  const kept = xattrs.filter(({ name }) => isKept(name, rules.archive));
  return { ...owner, mode, mtime, mtimeNsec, ...(kept.length > 0 && { xattrs: kept }) };
}

function ownerOf({ uid, gid }: TreeEntry, owner: MetadataRules['owner']): { uid: number; gid: number } {
  if (owner === 'keep') return { uid, gid };
  if (owner !== 'caller') return owner;
  return { uid: process.geteuid?.() ?? uid, gid: process.getegid?.() ?? gid };
}

/** Users' own always, but for those that overlayfs would obey. */
function isKept(name: string, archive: boolean): boolean {
  if (name.startsWith('user.')) return !name.startsWith('user.overlay.');
  return archive && (name === 'security.capability' || name.startsWith('system.posix_acl_'));
}

/** Those that an archive carries along. */
export function archivedXattrs({ xattrs = [] }: TreeEntry): EntryXattr[] {
  // A PAX record's key ends at the first equals sign.
  return xattrs.filter(({ name }) => isKept(name, true) && !name.includes('='));
}
