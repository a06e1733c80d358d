import { PassThrough, type Readable } from 'node:stream';

/** What something writes, as a stream that fails with it. */
export function written(write: (to: PassThrough) => Promise<void>): Readable {
  const stream = new PassThrough();
  write(stream).catch((error: Error) => stream.destroy(error));
  return stream;
}
