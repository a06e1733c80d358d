import { setImmediate as breathe } from 'node:timers/promises';
import { packCopy } from '../container/copy/archive.ts';
import { bytesOf } from '../container/copy/argument.ts';
import { closing } from '../container/copy/closing.ts';
import { absolutePath, baseName } from '../container/copy/paths.ts';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import type { ByteString } from '../layer/errors.ts';
import { type CopyReader, type CopyRoot, native, type TreeEntry } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { entryOf, type FileEntry } from './entry.ts';
import { nameOf, type Place, withRoot } from './place.ts';

/** Read at once; so much takes well under a millisecond. */
const PIECE = 256 * 1024;

/**
 * What is in a directory, by name.
 * @throws ERR_RCX_FILE_NOT_FOUND, ERR_RCX_COPY when it is none, and as {@link withRoot}
 */
export async function listFiles(engine: Engine, place: Place, path: string): Promise<FileEntry[]> {
  return await withRoot(engine, place, async (root) => {
    const directory = absolute(path);
    found(root, place, directory, true);
    const names = root.names(directory);
    const look = (name: ByteString) => root.look(`${directory === '/' ? '' : directory}/${name}`, false);
    return names.flatMap((name) => {
      const entry = look(name);
      // Removed in this moment.
      return entry === null ? [] : [entryOf(name, entry)];
    });
  });
}

/** What stands at a path; of a link the link itself unless it is followed. @throws as {@link listFiles} */
export async function lookAtFile(
  engine: Engine,
  place: Place,
  path: string,
  { follow = false }: { follow?: boolean | undefined } = {},
): Promise<FileEntry> {
  return await withRoot(engine, place, async (root) => {
    const absolutely = absolute(path);
    return entryOf(baseName(absolutely), found(root, place, absolutely, follow));
  });
}

/**
 * Hands the content of a file on, piece by piece. Links are followed within the place.
 * @throws ERR_RCX_FILE_NOT_FOUND, ERR_RCX_COPY when it is no regular file, what `write` throws, and the signal's reason
 */
export async function readFileContent(
  engine: Engine,
  place: Place,
  path: string,
  write: (content: AsyncIterable<Buffer>) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const read = async (reader: CopyReader, top: TreeEntry) => {
    if (top.kind !== 'file') throw noFile(place, path, `it is a ${top.kind}`);
    await write(contentOf(reader, signal));
  };
  await withReader(engine, place, path, read, signal);
}

/** The same of a file or directory as a tar archive. @throws as {@link readFileContent}, ERR_RCX_COPY_CHANGED */
export async function readFileArchive(
  engine: Engine,
  place: Place,
  path: string,
  write: (archive: AsyncIterable<Buffer>) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const read = (reader: CopyReader, top: TreeEntry) => write(packCopy([reader, top], baseName(absolute(path)), signal));
  await withReader(engine, place, path, read, signal);
}

async function withReader(
  engine: Engine,
  place: Place,
  path: string,
  body: (reader: CopyReader, top: TreeEntry) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const read = async (root: CopyRoot) => {
    const absolutely = absolute(path);
    found(root, place, absolutely, true);
    const reader = native().CopyReader.open(root, absolutely, true);
    await closing(reader, async () => {
      const top = reader.next();
      if (top !== null) await body(reader, top);
    });
  };
  await withRoot(engine, place, read, signal);
}

async function* contentOf(reader: CopyReader, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void, void> {
  for (;;) {
    signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafe(PIECE);
    const length = reader.read(buffer);
    if (length === 0) return;
    yield buffer.subarray(0, length);
    await breathe();
  }
}

/** As the addon wants it. */
export function absolute(path: string): ByteString {
  return absolutePath(bytesOf(path), '/');
}

function found(root: CopyRoot, place: Place, path: ByteString, follow: boolean): TreeEntry {
  let entry: TreeEntry | null;
  try {
    entry = root.look(path, follow);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_COPY');
  }
  if (entry !== null) return entry;
  throw new RcxError(`read files: ${nameOf(place)}: ${Buffer.from(path, 'latin1')}: no such file or directory`, {
    code: 'ERR_RCX_FILE_NOT_FOUND',
    step: 'read files',
    path: String(Buffer.from(path, 'latin1')),
    errno: 'ENOENT',
  });
}

function noFile(place: Place, path: string, what: string): RcxError {
  const step = 'read a file';
  return new RcxError(`${step}: ${nameOf(place)}: ${path}: ${what}`, {
    code: 'ERR_RCX_COPY',
    step,
    path,
    hint: 'read a directory as an archive',
  });
}
