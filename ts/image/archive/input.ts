import { createReadStream } from 'node:fs';
import { RcxError } from '../../errors.ts';
import { plain } from '../../oci/quote.ts';
import { toRcxError } from '../../store/nativeError.ts';

/** Larger than Node's own: each piece is a read on another thread. */
const PIECE = 1024 * 1024;

/**
 * What is in a file.
 * @throws ERR_RCX_INPUT when it cannot be read
 */
export async function* archiveInput(file: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield* createReadStream(file, { highWaterMark: PIECE }) as AsyncIterable<Buffer>;
  } catch (cause) {
    const { errno, message } = toRcxError(cause, 'ERR_RCX_INPUT');
    const hint =
      errno === 'EISDIR' ? 'a folder can be loaded as: tar -C FOLDER -c . | rcx load' : 'give an archive of images.';
    throw new RcxError(`load: ${plain(file)}: ${message}`, {
      code: 'ERR_RCX_INPUT',
      step: 'load',
      path: file,
      errno,
      hint,
      cause,
    });
  }
}
