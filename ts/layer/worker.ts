// The entry of the threads that unpack and pack layers: one layer at a time, synchronously, because a tree of many small files
// costs several times as much when every system call waits for an event loop.
import { parentPort } from 'node:worker_threads';
import { RcxError } from '../errors.ts';
import { LayerArchive } from './archive.ts';
import { packToFile } from './packToFile.ts';
import { type FromWorker, type ToWorker, toErrorData, type UnpackJob } from './protocol.ts';
import { type UnpackResult, unpackLayer } from './unpack.ts';

const PROGRESS_BYTES = 1024 * 1024;

let current = new AbortController();

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

/** Reports progress in steps that somebody could see. */
function reporter(): (bytes: number) => void {
  let reported = 0;
  return (bytes) => {
    if (bytes - reported < PROGRESS_BYTES) return;
    reported = bytes;
    send({ type: 'progress', bytes });
  };
}

function unpack(job: UnpackJob): UnpackResult {
  const archive = new LayerArchive(job.feed, job.diffId);
  try {
    return unpackLayer(job, archive, reporter());
  } finally {
    archive.close();
  }
}

async function work(job: Exclude<ToWorker, { type: 'abort' }>): Promise<void> {
  current = new AbortController();
  try {
    const result = job.type === 'unpack' ? unpack(job) : await packToFile(job, current.signal);
    send({ type: 'done', result });
  } catch (error) {
    send({ type: 'failed', error: toErrorData(error) });
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type !== 'abort') void work(message);
  else current.abort(new RcxError('pack layer: cancelled', { code: 'ERR_RCX_ABORTED', step: 'pack layer' }));
});
