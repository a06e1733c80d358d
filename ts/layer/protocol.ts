import { RcxError } from '../errors.ts';
import { toRcxError } from '../store/nativeError.ts';
import type { UnpackRequest, UnpackResult } from './unpack.ts';

/** A layer to unpack: all that the main thread tells a worker. */
export interface UnpackJob extends UnpackRequest {
  /** Id of the `LayerFeed` that has the compressed layer. */
  feed: number;
}

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
