import { RcxError } from '../errors.ts';
import { toRcxError } from '../store/nativeError.ts';
import type { UnpackRequest, UnpackResult } from './unpack.ts';

/** A layer to unpack from a blob that may still be growing. */
export interface UnpackJob extends UnpackRequest {
  /** The compressed layer on disk. */
  blob: string;
  /** Bytes the blob will have when it is complete. */
  blobSize: number;
}

/** What the main thread tells a worker. */
export type ToWorker = { type: 'unpack'; job: UnpackJob } | { type: 'available'; bytes: number } | { type: 'abort' };

/** What a worker tells the main thread. */
export type FromWorker =
  /** So many bytes of the blob have been unpacked. */
  { type: 'progress'; bytes: number } | { type: 'done'; result: UnpackResult } | { type: 'failed'; error: ErrorData };

/** An {@link RcxError} as data: classes do not survive the way between threads. */
export interface ErrorData {
  message: string;
  code: string;
  step: string | undefined;
  path: string | undefined;
  errno: string | undefined;
  hint: string | undefined;
}

export function toErrorData(error: unknown): ErrorData {
  const { message, code, step, path, errno, hint } = toRcxError(error, 'ERR_RCX_LAYER_WRITE');
  return { message, code, step, path, errno, hint };
}

export function fromErrorData({ message, ...details }: ErrorData): RcxError {
  return new RcxError(message, details);
}
