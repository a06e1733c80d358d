import { extractCopy } from '../container/copy/archive.ts';
import { closing } from '../container/copy/closing.ts';
import { openContainerWriter } from '../container/copy/ends.ts';
import { refusedCopy, reported } from '../container/copy/errors.ts';
import { splitPath } from '../container/copy/paths.ts';
import { findTarget } from '../container/copy/target.ts';
import type { Engine } from '../engine.ts';
import { sinkOptions } from '../layer/privilege.ts';
import type { CopyRoot } from '../native/index.ts';
import { nameOf, type Place, requireWritable, withRoot } from './place.ts';
import { absolute } from './read.ts';

/** What a new file is given. */
export interface FileAttributes {
  /** Permission bits; 0644 by default. */
  mode?: number | undefined;
  /** Root's by default. */
  uid?: number | undefined;
  gid?: number | undefined;
}

/**
 * Writes a file, whose directory is there; one that is there already is replaced, and a link at the end of the path is followed.
 * @throws ERR_RCX_READ_ONLY, ERR_RCX_COPY_NOT_FOUND, ERR_RCX_COPY, those of `withRoot`, what the content throws, and the signal's reason
 */
export async function writeFileContent(
  engine: Engine,
  place: Place,
  path: string,
  content: AsyncIterable<Uint8Array>,
  { mode = 0o644, uid = 0, gid = 0 }: FileAttributes = {},
  signal?: AbortSignal,
): Promise<void> {
  requireWritable(place);
  const write = async (root: CopyRoot) => {
    const target = findTarget(root, absolute(path));
    if (target.kind === 'directory' || target.kind === 'device')
      throw refusedCopy(`it is a ${target.kind}`, target.path);
    const { directory, name } = splitPath(target.path);
    const writer = openContainerWriter(root, directory, { container: nameOf(place), path }, sinkOptions());
    await closing(writer, async () => {
      const now = Date.now();
      const times = { mtime: Math.floor(now / 1000), mtimeNsec: (now % 1000) * 1_000_000 };
      writer.file(name, { mode, uid, gid, ...times });
      for await (const piece of content) {
        signal?.throwIfAborted();
        writer.write(piece);
      }
      writer.endFile();
      writer.finish();
    });
  };
  await reported(() => withRoot(engine, place, write, signal), signal);
}

/**
 * Unpacks a tar archive, which gzip may have compressed, into a directory; owners are those of the archive.
 * @throws as {@link writeFileContent}, ERR_RCX_ARCHIVE_INVALID
 */
export async function writeFileArchive(
  engine: Engine,
  place: Place,
  path: string,
  archive: AsyncIterable<Buffer>,
  signal?: AbortSignal,
): Promise<void> {
  requireWritable(place);
  const write = async (root: CopyRoot) => {
    const target = findTarget(root, absolute(path));
    if (target.kind !== 'directory') throw refusedCopy('it is no directory', target.path);
    const writer = openContainerWriter(root, target.path, { container: nameOf(place), path }, sinkOptions());
    await closing(writer, () => extractCopy(archive, writer, signal));
  };
  await reported(() => withRoot(engine, place, write, signal), signal);
}
