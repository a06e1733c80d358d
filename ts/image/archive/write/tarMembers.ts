import { Header, type HeaderData, Pax } from 'tar';

const BLOCK = 512;

/** One member of an archive that is written. */
export interface OutputMember {
  name: string;
  size: number;
  /** Exactly `size` bytes. */
  content(): AsyncIterable<Buffer> | Iterable<Buffer>;
}

/**
 * A tar archive of these members and the folders that they are in, sorted by name. All else that a header can say is the same
 * everywhere and at any time, so that the same members give the same bytes.
 */
export async function* tarOf(members: readonly OutputMember[]): AsyncGenerator<Buffer, void, void> {
  const folders = new Set(members.flatMap(({ name }) => foldersOf(name)));
  const all = [...[...folders].map((name) => ({ name, size: 0, content: () => [] })), ...members];
  for (const { name, size, content } of all.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    yield headerOf(name, size);
    yield* content();
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** `a/b/c` is in `a/` and `a/b/`. */
function foldersOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
}

/** Of a folder where the name ends in a slash. A size beyond 8 GiB needs a PAX header (POSIX.1-2017, pax). */
export function headerOf(path: string, size: number): Buffer {
  const kind: HeaderData = path.endsWith('/') ? { type: 'Directory', mode: 0o755 } : { type: 'File', mode: 0o644 };
  const data: HeaderData = { path, size, uid: 0, gid: 0, mtime: new Date(0), ...kind };
  const header = new Header(data);
  header.encode();
  const { block } = header;
  if (block === undefined) throw new TypeError('tar: a header was not encoded');
  return header.needPax ? Buffer.concat([new Pax(data).encode(), block]) : block;
}
