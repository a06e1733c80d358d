import { RcxError } from '../errors.ts';
import { native, type TreeEntry } from '../native/index.ts';
import { quote } from '../oci/quote.ts';
import { toRcxError } from '../store/nativeError.ts';
import { type ByteString, readable } from './errors.ts';
import { WHITEOUT } from './names.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingAfter, type TarMember } from './tar/writer.ts';
import { carriedXattrs } from './xattrs.ts';

export interface PackOptions {
  /** Whether the root itself gets an entry. */
  root?: boolean | undefined;
  /** Seconds since 1970 that no modification time is later than (https://reproducible-builds.org/specs/source-date-epoch/). */
  epoch?: number | undefined;
}

/** File content is read in pieces of this size. */
const PIECE = 256 * 1024;

/**
 * The archive of one read-write layer in the form of the image-spec (layer.md): deletions as whiteouts, directories that hide
 * what is below with an opaque marker. The same tree gives the same bytes.
 * @throws ERR_RCX_LAYER_READ, ERR_RCX_LAYER_NAME for a file whose name would mean a deletion, ERR_RCX_LAYER_XATTR for an
 * attribute that an archive cannot hold
 */
export function* packLayer(directory: string, options: PackOptions = {}): Generator<Buffer, void, void> {
  yield* pack([directory], false, options);
}

/**
 * The archive of what a container sees of its layers, topmost first.
 * @throws ERR_RCX_LAYER_READ, ERR_RCX_LAYER_XATTR
 */
export function* packUnion(directories: readonly string[], options: PackOptions = {}): Generator<Buffer, void, void> {
  yield* pack(directories, true, options);
}

function* pack(directories: readonly string[], union: boolean, options: PackOptions): Generator<Buffer, void, void> {
  const reader = native().TreeReader.open([...directories], union);
  const buffer = Buffer.allocUnsafe(PIECE);
  const names = new Map<string, ByteString>();
  try {
    for (let entry = reader.next(); entry !== null; entry = reader.next()) {
      if (!union) checkName(entry);
      checkXattrs(entry);
      const first = nameOfSame(names, entry);
      for (const member of membersOf(entry, first, options)) yield encodeHeader(member);
      // Below the whole tree is nothing that could be hidden.
      if (entry.opaque && !union) yield encodeHeader(marker(`${directoryName(entry)}${WHITEOUT}${WHITEOUT}.opq`));
      if (entry.kind !== 'file' || first !== undefined) continue;
      for (let length = reader.read(buffer); length > 0; length = reader.read(buffer)) {
        yield Buffer.from(buffer.subarray(0, length));
      }
      yield paddingAfter(entry.size);
    }
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAYER_READ');
  } finally {
    reader.close();
  }
  yield END_OF_ARCHIVE;
}

/** The first name of an object that has several; content goes with that one. Overlayfs links whiteouts, which are no files. */
function nameOfSame(names: Map<string, ByteString>, { inode, kind, path }: TreeEntry): ByteString | undefined {
  if (inode === undefined || kind === 'directory' || kind === 'whiteout') return undefined;
  const first = names.get(inode);
  if (first === undefined) names.set(inode, path);
  return first;
}

function* membersOf(entry: TreeEntry, first: ByteString | undefined, options: PackOptions): Generator<TarMember> {
  if (entry.kind === 'socket' || (entry.path === '' && options.root !== true)) return;
  if (entry.kind === 'whiteout') {
    const slash = entry.path.lastIndexOf('/') + 1;
    yield marker(`${entry.path.slice(0, slash)}${WHITEOUT}${entry.path.slice(slash)}`);
    return;
  }
  const member = memberOf(entry, entry.kind, options);
  yield first === undefined ? member : { ...member, type: 'hardlink', linkName: first, size: 0, xattrs: [] };
}

/** As archives have it. */
function directoryName({ path }: TreeEntry): ByteString {
  return `${path === '' ? '.' : path}/`;
}

function memberOf(
  entry: TreeEntry,
  type: Exclude<TreeEntry['kind'], 'socket' | 'whiteout'>,
  { epoch }: PackOptions,
): TarMember {
  const { path, mode, uid, gid, mtime, mtimeNsec, size, target, major, minor, xattrs } = entry;
  const late = epoch !== undefined && mtime >= epoch;
  return {
    type,
    name: type === 'directory' ? directoryName(entry) : path,
    linkName: target ?? '',
    mode,
    uid,
    gid,
    mtime: late ? epoch : mtime,
    mtimeNsec: late ? 0 : mtimeNsec,
    size: type === 'file' ? size : 0,
    major: major ?? 0,
    minor: minor ?? 0,
    xattrs: carriedXattrs(xattrs ?? []),
  };
}

/** A whiteout or opaque marker. */
function marker(name: ByteString): TarMember {
  return {
    ...{ type: 'file', name, linkName: '', mode: 0, uid: 0, gid: 0, mtime: 0, mtimeNsec: 0 },
    ...{ size: 0, major: 0, minor: 0, xattrs: [] },
  };
}

/** A PAX record's key ends at the first equals sign: what was read back would be another attribute. */
function checkXattrs({ path, xattrs = [] }: TreeEntry): void {
  const found = xattrs.find(({ name }) => name.includes('='));
  if (found === undefined) return;
  throw new RcxError(`read the layer: /${readable(path)}: its attribute ${quote(found.name)} has an equals sign`, {
    code: 'ERR_RCX_LAYER_XATTR',
    step: 'read the layer',
    path: `/${readable(path)}`,
    hint: 'no archive can hold it: remove it with setfattr -x.',
  });
}

/** In an image such a name means that another file is deleted. */
function checkName({ path, kind }: TreeEntry): void {
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (kind === 'whiteout' || !base.startsWith(WHITEOUT)) return;
  throw new RcxError(`read the layer: /${readable(path)}: its name begins with ${WHITEOUT}`, {
    code: 'ERR_RCX_LAYER_NAME',
    step: 'read the layer',
    path: `/${readable(path)}`,
    hint: 'in an image this would delete another file: rename it or remove it.',
  });
}
