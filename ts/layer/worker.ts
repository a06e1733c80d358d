// The entry of the threads that unpack layers: one layer at a time, synchronously, because a tree of many small files
// costs several times as much when every system call waits for an event loop.
import { parentPort } from 'node:worker_threads';
import { RcxError } from '../errors.ts';
import { GrowingFile } from './growingFile.ts';
import { type FromWorker, type ToWorker, toErrorData, type UnpackJob } from './protocol.ts';
import { unpackLayer } from './unpack.ts';

const PROGRESS_BYTES = 1024 * 1024;

let current: GrowingFile | undefined;

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function* reporting(file: GrowingFile): AsyncGenerator<Buffer> {
  let bytes = 0;
  let reported = 0;
  for await (const chunk of file) {
    yield chunk;
    bytes += chunk.length;
    if (bytes - reported < PROGRESS_BYTES) continue;
    reported = bytes;
    send({ type: 'progress', bytes });
  }
}

async function unpack(job: UnpackJob): Promise<void> {
  current = new GrowingFile(job.blob, job.blobSize);
  try {
    send({ type: 'done', result: await unpackLayer(job, reporting(current)) });
  } catch (error) {
    send({ type: 'failed', error: toErrorData(error) });
  } finally {
    current = undefined;
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'unpack') void unpack(message.job);
  else if (message.type === 'available') current?.advance(message.bytes);
  else current?.fail(new RcxError('unpack layer: cancelled', { code: 'ERR_RCX_ABORTED', step: 'unpack layer' }));
});
