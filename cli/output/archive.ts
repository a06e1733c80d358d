import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { RcxError } from '../../ts/errors.ts';
import { toRcxError } from '../../ts/store/nativeError.ts';

/**
 * Writes an archive to a file, which appears when it is whole and on the disk, or to stdout. Only its owner may read the file, as with
 * docker: what is in an image or a container may be secret.
 * @param step `export`, `save`
 * @throws ERR_RCX_TERMINAL_OUTPUT, ERR_RCX_OUTPUT, and what the archive throws
 */
export async function writeArchive(
  step: string,
  archive: AsyncIterable<Buffer>,
  output: string | undefined,
): Promise<void> {
  if (output !== undefined) return await writeFile(step, archive, output);
  if (process.stdout.isTTY) {
    throw new RcxError('cowardly refusing to save to a terminal. Use the -o flag or redirect', {
      code: 'ERR_RCX_TERMINAL_OUTPUT',
      step,
    });
  }
  await pipeline(archive, process.stdout, { end: false }).catch((cause: NodeJS.ErrnoException) => {
    // A reader that has seen enough is no failure.
    if (cause.code !== 'EPIPE') throw unwritten(step, 'stdout', cause);
  });
}

async function writeFile(step: string, archive: AsyncIterable<Buffer>, output: string): Promise<void> {
  try {
    const target = await realpath(output).catch(() => output);
    const kind = await stat(target).catch(() => undefined);
    // A pipe or a device takes it as it comes; a rename would put a file in its place.
    if (kind?.isFile() === false) await pipeline(archive, createWriteStream(target));
    else await replaceFile(archive, target);
  } catch (cause) {
    throw unwritten(step, output, cause);
  }
}

async function replaceFile(archive: AsyncIterable<Buffer>, target: string): Promise<void> {
  const temporary = `${target}.${randomUUID()}.tmp`;
  // Opened before anything is read: a stream would still be about to make the file when the archive has failed already.
  const file = await open(temporary, 'wx', 0o600);
  try {
    await pipeline(archive, file.createWriteStream({ flush: true }));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function unwritten(step: string, path: string, cause: unknown): RcxError {
  if (cause instanceof RcxError) return cause;
  const { errno, message } = toRcxError(cause, 'ERR_RCX_OUTPUT');
  return new RcxError(`${step}: ${path}: ${message}`, { code: 'ERR_RCX_OUTPUT', step, path, errno, cause });
}
