import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { RcxError } from '../../ts/errors.ts';
import { toRcxError } from '../../ts/store/nativeError.ts';

/**
 * Writes an archive to a file, which appears when it is whole, or to stdout.
 * @param step `export`, `save`
 */
export async function writeArchive(
  step: string,
  archive: AsyncIterable<Buffer>,
  output: string | undefined,
): Promise<void> {
  if (output !== undefined) return await writeFile(step, archive, output);
  if (process.stdout.isTTY) {
    throw new RcxError(`${step}: cowardly refusing to write an archive to a terminal`, {
      code: 'ERR_RCX_TERMINAL_OUTPUT',
      step,
      hint: 'use -o FILE, or redirect stdout',
    });
  }
  await pipeline(archive, process.stdout, { end: false }).catch((cause: NodeJS.ErrnoException) => {
    // A reader that has seen enough is no failure.
    if (cause.code !== 'EPIPE') throw unwritten(step, 'stdout', cause);
  });
}

async function writeFile(step: string, archive: AsyncIterable<Buffer>, output: string): Promise<void> {
  const temporary = `${output}.${randomUUID()}.tmp`;
  try {
    // A pipe or a device takes it as it comes; a rename would put a file in its place.
    const isSpecial = (await stat(output).catch(() => undefined))?.isFile() === false;
    if (isSpecial) return await pipeline(archive, createWriteStream(output));
    await pipeline(archive, createWriteStream(temporary, { mode: 0o600, flags: 'wx' }));
    await rename(temporary, output);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unwritten(step, output, cause);
  }
}

function unwritten(step: string, path: string, cause: unknown): RcxError {
  if (cause instanceof RcxError) return cause;
  const { errno, message } = toRcxError(cause, 'ERR_RCX_OUTPUT');
  return new RcxError(`${step}: ${path}: ${message}`, { code: 'ERR_RCX_OUTPUT', step, path, errno, cause });
}
