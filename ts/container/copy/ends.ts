import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { type ByteString, readable } from '../../layer/errors.ts';
import type { CopyReader, CopyRoot, CopyWriter, LayerSinkOptions, TreeEntry } from '../../native/index.ts';
import { native } from '../../native/index.ts';
import { toRcxError } from '../../store/nativeError.ts';
import { bytesOf } from './argument.ts';
import { closing } from './closing.ts';
import { withContainerRoot } from './containerRoot.ts';
import { notInContainer, refusedCopy } from './errors.ts';
import { absolutePath, baseName, splitPath } from './paths.ts';
import { findTarget, type Target } from './target.ts';

export { closing } from './closing.ts';

/** A path in a container. */
export interface ContainerPath {
  /** Name, id, or prefix of an id. */
  container: string;
  path: string;
}

/** A tree that is being read, and its first entry. */
export type Opened = readonly [CopyReader, TreeEntry];

/** Runs `body` with this machine's root. */
export async function withHost<T>(body: (host: CopyRoot) => Promise<T>): Promise<T> {
  const host = native().CopyRoot.host();
  return await closing(host, () => body(host));
}

/**
 * Opens something in a container.
 * @param body gets it with its own name, and that of what it leads to if it is a link that is followed
 * @throws ERR_RCX_COPY_NOT_FOUND, and what `body` throws
 */
export async function withSource(
  engine: Engine,
  { container, path: text }: ContainerPath,
  { followLink = false, signal }: { followLink?: boolean | undefined; signal?: AbortSignal | undefined },
  body: (opened: Opened, names: { name: ByteString; target: ByteString }) => Promise<void>,
): Promise<void> {
  const path = absolutePath(bytesOf(text), '/');
  const read = async (root: CopyRoot) => {
    const opened = open(root, path, followLink);
    if (opened === undefined) throw notInContainer(bytesOf(text), container);
    const name = baseName(path);
    const isFollowed = followLink && name !== '.' && root.look(path, false)?.kind === 'symlink';
    await closing(opened[0], () => body(opened, { name, target: isFollowed ? baseName(root.real(path)) : name }));
  };
  await withContainerRoot(engine, container, read, signal);
}

/**
 * Looks at what stands where something is to be copied to in a container.
 * @throws ERR_RCX_COPY for a device, and what `body` throws
 */
export async function withTarget(
  engine: Engine,
  { container, path: text }: ContainerPath,
  { signal }: { signal?: AbortSignal | undefined },
  body: (root: CopyRoot, found: Target) => Promise<void>,
): Promise<void> {
  const look = async (root: CopyRoot) => {
    const found = findTarget(root, absolutePath(bytesOf(text), '/'));
    if (found.kind === 'device') {
      throw refusedCopy(`destination "${container}:${text}" must be a directory or a regular file: got a device`);
    }
    await body(root, found);
  };
  await withContainerRoot(engine, container, look, signal);
}

/** @throws ERR_RCX_COPY when there is nothing, or something else than the path says */
export function openLocal(host: CopyRoot, path: ByteString, followLink: boolean): Opened {
  const opened = open(host, path, followLink);
  if (opened !== undefined) return opened;
  const isFile = path.endsWith('/') && host.look(path.replace(/\/+$/, ''), false) !== null;
  throw refusedCopy(isFile ? 'not a directory' : 'no such file or directory', path);
}

function open(root: CopyRoot, path: ByteString, followLink: boolean): Opened | undefined {
  let reader: CopyReader;
  try {
    reader = native().CopyReader.open(root, path, followLink);
  } catch (error) {
    const { errno } = toRcxError(error, 'ERR_RCX_COPY');
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw error;
  }
  const top = reader.next();
  return top === null ? undefined : [reader, top];
}

/** @throws ERR_RCX_COPY when nothing can be written there, in docker's words */
export function checkOutput(host: CopyRoot, path: ByteString): void {
  const { directory } = splitPath(path);
  if (host.look(directory, true)?.kind !== 'directory') {
    throw refusedCopy(`invalid output path: directory "${readable(directory)}" does not exist`);
  }
  if (findTarget(host, path).kind !== 'device') return;
  throw refusedCopy(`invalid output path: "${readable(path)}" must be a directory or a regular file: got a device`);
}

/** @throws ERR_RCX_COPY */
export function openWriter(host: CopyRoot, directory: ByteString, options: LayerSinkOptions): CopyWriter {
  return native().CopyWriter.open(host, directory, options);
}

/** @throws ERR_RCX_COPY_NOT_FOUND, ERR_RCX_READ_ONLY */
export function openContainerWriter(
  root: CopyRoot,
  directory: ByteString,
  { container }: ContainerPath,
  options: LayerSinkOptions,
): CopyWriter {
  try {
    return native().CopyWriter.open(root, directory, options);
  } catch (error) {
    const cause = toRcxError(error, 'ERR_RCX_COPY');
    if (cause.errno === 'ENOENT') throw notInContainer(directory, container);
    if (cause.errno === 'ENOTDIR') throw refusedCopy('extraction point is not a directory', directory);
    if (cause.code !== 'ERR_RCX_READ_ONLY') throw error;
    const { code, message } = cause;
    const hint = 'copy to a volume of it, or to a container without --read-only';
    throw new RcxError(`cp: ${container}: ${message}`, { code, step: 'cp', path: readable(directory), hint, cause });
  }
}
