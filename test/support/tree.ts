import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Everything of one file that a layer can determine. Members that a type does not have are left out. */
export interface TreeEntry {
  type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo';
  /** Octal, with setuid, setgid and sticky. */
  mode: string;
  owner: string;
  /** Seconds with all nine digits after the point. */
  mtime: string;
  size?: number;
  /** sha256 of the content, in short. */
  content?: string;
  target?: string;
  device?: string;
  /** The first path, in order, that is another name of this file. */
  sameAs?: string;
  /** Values in hexadecimal. */
  xattrs?: Record<string, string>;
}

/** A tree by path; paths are byte strings, the root is `.`. */
export type Tree = Record<string, TreeEntry>;

/** Reads a directory tree without following symbolic links. */
export function readTree(directory: string): Tree {
  const xattrs = readXattrs(directory);
  const seen = new Map<bigint, string>();
  const tree: Tree = {};
  for (const path of listTree(directory)) {
    const absolute = Buffer.from(path === '.' ? directory : `${directory}/${path}`, 'latin1');
    const stat = lstatSync(absolute, { bigint: true });
    const entry = toEntry(absolute, stat);
    if (entry.type !== 'directory') {
      const first = seen.get(stat.ino);
      if (first === undefined) seen.set(stat.ino, path);
      else entry.sameAs = first;
    }
    const own = xattrs.get(path);
    if (own !== undefined) entry.xattrs = own;
    tree[path] = entry;
  }
  return tree;
}

/** All paths of a tree in byte order, `.` first. */
export function listTree(directory: string): string[] {
  const paths: string[] = [];
  const visit = (path: string) => {
    paths.push(path);
    const absolute = Buffer.from(path === '.' ? directory : `${directory}/${path}`, 'latin1');
    if (!lstatSync(absolute).isDirectory()) return;
    const names = readdirSync(absolute, { encoding: 'buffer' }).map((name) => name.toString('latin1'));
    for (const name of names.sort()) visit(path === '.' ? name : `${path}/${name}`);
  };
  visit('.');
  return paths;
}

function toEntry(path: Buffer, stat: BigIntStats): TreeEntry {
  const base = {
    mode: (stat.mode & 0o7777n).toString(8).padStart(4, '0'),
    owner: `${stat.uid}:${stat.gid}`,
    mtime: formatTime(stat.mtimeNs),
  };
  if (stat.isDirectory()) return { type: 'directory', ...base };
  if (stat.isSymbolicLink()) {
    return { type: 'symlink', ...base, target: readlinkSync(path, { encoding: 'buffer' }).toString('latin1') };
  }
  if (stat.isFIFO()) return { type: 'fifo', ...base };
  const device = `${stat.rdev >> 8n}:${stat.rdev & 0xffn}`;
  if (stat.isCharacterDevice()) return { type: 'character', ...base, device };
  if (stat.isBlockDevice()) return { type: 'block', ...base, device };
  const content = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
  return { type: 'file', ...base, size: Number(stat.size), content };
}

/** BigInt division rounds towards zero, times before 1970 are negative. */
function formatTime(nanoseconds: bigint): string {
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return `${(nanoseconds - fraction) / 1_000_000_000n}.${fraction.toString().padStart(9, '0')}`;
}

/** One `getfattr` for the whole tree; POSIX ACLs that a file system shows as attributes are not ours to compare. */
function readXattrs(directory: string): Map<string, Record<string, string>> {
  const args = ['--recursive', '--physical', '--no-dereference', '--dump', '--match=-', '--encoding=hex', '.'];
  const output = execFileSync('getfattr', args, { cwd: directory, encoding: 'latin1', maxBuffer: 1 << 28 });
  const found = new Map<string, Record<string, string>>();
  for (const block of output.split('\n\n')) {
    const [first = '', ...lines] = block.split('\n');
    const path = unescapeOctal(first.replace(/^# file: /, ''));
    const pairs = lines.map((line) => line.split('=')).filter(([name]) => name !== undefined && name !== '');
    if (pairs.length > 0) found.set(path, Object.fromEntries(pairs.map(([name, value = '']) => [name, value])));
  }
  return found;
}

/** getfattr writes bytes that are not printable as `\ooo`. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
