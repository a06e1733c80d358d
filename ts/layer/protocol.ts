import { RcxError } from '../errors.ts';
import { toRcxError } from '../store/nativeError.ts';
import type { CompareRequest, CompareResult } from './compareTrees.ts';
import type { PackRequest, PackResult, RecompressRequest } from './packToFile.ts';
import type { UnpackRequest, UnpackResult } from './unpack.ts';

/** A layer to unpack. */
export interface UnpackJob extends UnpackRequest {
  type: 'unpack';
  /** Id of the `LayerFeed` that has the compressed layer. */
  feed: number;
}

/** A layer to pack. */
export interface PackJob extends PackRequest {
  type: 'pack';
}

/** An archive to compress anew. */
export interface RecompressJob extends RecompressRequest {
  type: 'recompress';
  /** Id of the `LayerFeed` that has the archive. */
  feed: number;
}

/** Two trees to compare. */
export interface CompareJob extends CompareRequest {
  type: 'compare';
}

/** What a worker can be given to do. */
export type Job = UnpackJob | PackJob | RecompressJob | CompareJob;

/** What the main thread tells a worker. */
export type ToWorker = Job | { type: 'abort' };

/** What comes of each kind of job. */
interface Results {
  unpack: UnpackResult;
  pack: PackResult;
  recompress: PackResult;
  compare: CompareResult;
}

/** What comes of a job. */
export type ResultOf<J extends Job> = Results[J['type']];

/** What a worker tells the main thread. */
export type FromWorker =
  /** So many bytes of the blob have been unpacked. */
  { type: 'progress'; bytes: number } | { type: 'done'; result: ResultOf<Job> } | { type: 'failed'; error: ErrorData };

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
