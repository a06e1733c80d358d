import type { Writable } from 'node:stream';
import type { Engine as Core } from '../../engine.ts';

/** What an operation has beside its arguments. */
export interface Io {
  signal: AbortSignal;
  /** Hears of progress. */
  onEvent: (event: unknown) => void;
  /** An archive that is read. */
  input: AsyncIterable<Buffer>;
  /** Where an archive is written to. */
  output: Writable;
}

/**
 * Something that touches files of images, containers or volumes: of an ordinary user it is done by a process in his namespace, so
 * arguments and result are plain data (HTML's structured clone).
 */
export type Operation<Args, Result> = (core: Core, args: Args, io: Io) => Promise<Result>;

/** Bytes that come piece by piece: a stream, a generator, an array. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Pieces of whichever kind as buffers of the same memory. */
export async function* asBuffers(input: Bytes): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of input) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
