import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { RcxError } from '../errors.ts';
import { type LayerFeed, packageRoot } from '../native/index.ts';
import type { CompareRequest, CompareResult } from './compareTrees.ts';
import type { PackRequest, PackResult, RecompressRequest } from './packToFile.ts';
import { type FromWorker, fromErrorData, type Job, type ResultOf, type ToWorker } from './protocol.ts';
import type { UnpackRequest, UnpackResult } from './unpack.ts';

export interface RunOptions {
  signal: AbortSignal;
  /** Called when a thread takes the job up, and with the bytes of the blob that were unpacked. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/** Unpacks, packs and compares layers in worker threads, as many at a time as there are processors; more wait their turn. */
export class LayerPool {
  readonly #size: number;
  readonly #idle: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];
  #started = 0;
  #all: Worker[] = [];

  constructor(size: number = availableParallelism()) {
    this.#size = Math.max(1, size);
  }

  /** @throws what unpacking threw, or ERR_RCX_ABORTED after the signal */
  async unpack(request: UnpackRequest, feed: LayerFeed, options: RunOptions): Promise<UnpackResult> {
    return await this.#withFeed(feed, options.signal, () =>
      this.#run({ type: 'unpack', ...request, feed: feed.id }, options),
    );
  }

  /** @throws what packing threw, or ERR_RCX_ABORTED after the signal */
  async pack(request: PackRequest, options: RunOptions): Promise<PackResult> {
    return await this.#run({ type: 'pack', ...request }, options);
  }

  /** Compresses an archive anew. @throws what reading or writing it threw, or ERR_RCX_ABORTED after the signal */
  async recompress(request: RecompressRequest, feed: LayerFeed, options: RunOptions): Promise<PackResult> {
    return await this.#withFeed(feed, options.signal, () =>
      this.#run({ type: 'recompress', ...request, feed: feed.id }, options),
    );
  }

  /** @throws ERR_RCX_LAYER_READ */
  async compare(request: CompareRequest, options: RunOptions): Promise<CompareResult> {
    return await this.#run({ type: 'compare', ...request }, options);
  }

  /** A thread that waits for the feed in native code hears no messages: it is ended through the feed. */
  async #withFeed<T>(feed: LayerFeed, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const onAbort = () => feed.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await body();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #run<J extends Job>(job: J, options: RunOptions): Promise<ResultOf<J>> {
    const worker = await this.#acquire();
    try {
      options.signal.throwIfAborted();
      return await execute(worker, job, options);
    } finally {
      this.#release(worker);
    }
  }

  /** Ends the threads; no job may be running. */
  async close(): Promise<void> {
    const workers = this.#all;
    this.#all = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async #acquire(): Promise<Worker> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#started < this.#size) return this.#start();
    return await new Promise<Worker>((resolve) => this.#waiting.push(resolve));
  }

  #start(): Worker {
    this.#started++;
    const worker = new Worker(join(packageRoot, 'dist', 'layer-worker.cjs'), { execArgv: [], name: 'rcx-layer' });
    const forget = () => {
      this.#all = this.#all.filter((each) => each !== worker);
    };
    worker.once('error', forget).once('exit', forget);
    this.#all.push(worker);
    return worker;
  }

  #release(worker: Worker): void {
    const dead = !this.#all.includes(worker);
    if (dead) this.#started--;
    const next = this.#waiting.shift();
    if (next !== undefined) next(dead ? this.#start() : worker);
    else if (!dead) this.#idle.push(worker);
  }
}

function execute<J extends Job>(worker: Worker, job: J, { signal, onProgress }: RunOptions): Promise<ResultOf<J>> {
  const send = (message: ToWorker) => worker.postMessage(message);
  return new Promise<ResultOf<J>>((resolve, reject) => {
    const onAbort = () => send({ type: 'abort' });
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', onAbort);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      finish();
    };
    const onMessage = (message: FromWorker) => {
      if (message.type === 'progress') onProgress?.(message.bytes);
      // A worker has one job at a time: this is the result of this one.
      else if (message.type === 'done') settle(() => resolve(message.result as ResultOf<J>));
      else settle(() => reject(fromErrorData(message.error)));
    };
    const onError = (cause: Error) => settle(() => reject(died(cause.message, cause)));
    const onExit = (code: number) => settle(() => reject(died(`exit code ${code}`)));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    send(job);
    onProgress?.(0);
  });
}

function died(reason: string, cause?: Error): RcxError {
  return new RcxError(`work on a layer: the worker thread ended: ${reason}`, {
    code: 'ERR_RCX_LAYER_WORKER',
    step: 'work on a layer',
    hint: 'run it again with --debug; if it happens again, please report it with the name of the image.',
    cause,
  });
}
