import type { Engine } from '../../engine.ts';
import { sinkOptions } from '../../layer/privilege.ts';
import { extractCopy, packCopy } from './archive.ts';
import { bytesOf, textOf } from './argument.ts';
import {
  type ContainerPath,
  checkOutput,
  closing,
  openContainerWriter,
  openLocal,
  openWriter,
  withHost,
  withSource,
  withTarget,
} from './ends.ts';
import { refusedCopy, reported } from './errors.ts';
import { rulesFor } from './metadata.ts';
import { absolutePath, baseName } from './paths.ts';
import { findTarget, land } from './target.ts';
import { type OnProgress, transfer } from './transfer.ts';

export interface CopyOptions {
  /** Keep owners. */
  archive?: boolean | undefined;
  /** What a link at the end of the source leads to, instead of the link. */
  followLink?: boolean | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Copies files of a container to this machine.
 * @returns where to
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_COPY_NOT_FOUND, ERR_RCX_COPY, ERR_RCX_COPY_CHANGED, and the signal's reason
 */
export async function copyOut(
  engine: Engine,
  source: ContainerPath,
  target: string,
  options: CopyOptions = {},
): Promise<string> {
  await engine.enter();
  const path = absolutePath(bytesOf(target), bytesOf(process.cwd()));
  const copy = () =>
    withHost(async (host) => {
      checkOutput(host, path);
      await withSource(engine, source, options, async (opened, { name }) => {
        const landing = land({ name, isDirectory: opened[1].kind === 'directory' }, findTarget(host, path));
        const sink = sinkOptions();
        const rules = rulesFor('out', options.archive ?? false, sink);
        const writer = openWriter(host, landing.directory, {
          ...sink,
          ownership: rules.owner === 'keep' ? sink.ownership : 'callers',
        });
        await closing(writer, () => transfer(opened, writer, landing.name, { rules, ...options }));
      });
    });
  await reported(copy, options.signal);
  return textOf(path);
}

/**
 * The same as a tar archive.
 * @param write gets the archive, and is waited for
 * @throws as {@link copyOut}, and what `write` throws
 */
export async function copyOutArchive(
  engine: Engine,
  source: ContainerPath,
  write: (archive: AsyncIterable<Buffer>) => Promise<void>,
  options: CopyOptions = {},
): Promise<void> {
  await engine.enter();
  const copy = () =>
    withSource(engine, source, options, (opened, { target }) => write(packCopy(opened, target, options.signal)));
  await reported(copy, options.signal);
}

/**
 * Copies files of this machine into a container.
 * @returns where to
 * @throws as {@link copyOut}, and ERR_RCX_READ_ONLY
 */
export async function copyIn(
  engine: Engine,
  source: string,
  target: ContainerPath,
  options: CopyOptions = {},
): Promise<string> {
  await engine.enter();
  const path = absolutePath(bytesOf(source), bytesOf(process.cwd()));
  let reached = target.path;
  const copy = () =>
    withHost(async (host) => {
      const opened = openLocal(host, path, options.followLink ?? false);
      const into = async () =>
        withTarget(engine, target, options, async (root, found) => {
          // As it was written, unless a link led elsewhere.
          if (found.path !== absolutePath(bytesOf(target.path), '/')) reached = textOf(found.path);
          const landing = land({ name: baseName(path), isDirectory: opened[1].kind === 'directory' }, found);
          const sink = sinkOptions();
          const writer = openContainerWriter(root, landing.directory, target, sink);
          const rules = rulesFor('in', options.archive ?? false, sink);
          await closing(writer, () => transfer(opened, writer, landing.name, { rules, ...options }));
        });
      await closing(opened[0], into);
    });
  await reported(copy, options.signal);
  return `${target.container}:${reached}`;
}

/**
 * Unpacks a tar archive into a directory of a container; owners are those of the archive.
 * @throws as {@link copyIn}, ERR_RCX_ARCHIVE_INVALID, and what `source` throws
 */
export async function copyInArchive(
  engine: Engine,
  source: AsyncIterable<Buffer>,
  target: ContainerPath,
  options: CopyOptions = {},
): Promise<void> {
  await engine.enter();
  const copy = () =>
    withTarget(engine, target, options, async (root, found) => {
      if (found.kind !== 'directory') {
        throw refusedCopy(`destination "${target.container}:${target.path}" must be a directory`);
      }
      const writer = openContainerWriter(root, found.path, target, sinkOptions());
      await closing(writer, () => extractCopy(source, writer, options.signal));
    });
  await reported(copy, options.signal);
}
