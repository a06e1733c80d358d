// The entry of the threads that unpack, pack and compare layers: one layer at a time, synchronously, because a tree of many small files
// costs several times as much when every system call waits for an event loop.
import { parentPort } from 'node:worker_threads';
import { RcxError } from '../errors.ts';
import { algorithmOf } from '../oci/digest.ts';
import { LayerArchive } from './archive.ts';
import { compareTrees } from './compareTrees.ts';
import { type PackResult, packToFile, recompressToFile } from './packToFile.ts';
import {
  type FromWorker,
  type Job,
  type RecompressJob,
  type ResultOf,
  type ToWorker,
  toErrorData,
  type UnpackJob,
} from './protocol.ts';
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
  const archive = new LayerArchive(job.feed, algorithmOf(job.diffId));
  try {
    return unpackLayer(job, archive, reporter());
  } finally {
    archive.close();
  }
}

async function recompress(job: RecompressJob, signal: AbortSignal): Promise<PackResult> {
  const archive = new LayerArchive(job.feed, 'sha256');
  try {
    return await recompressToFile(archive, job, signal);
  } finally {
    archive.close();
  }
}

async function resultOf(job: Job, signal: AbortSignal): Promise<ResultOf<Job>> {
  if (job.type === 'unpack') return unpack(job);
  if (job.type === 'compare') return compareTrees(job);
  return job.type === 'pack' ? await packToFile(job, signal) : await recompress(job, signal);
}

async function work(job: Job): Promise<void> {
  current = new AbortController();
  try {
    send({ type: 'done', result: await resultOf(job, current.signal) });
  } catch (error) {
    send({ type: 'failed', error: toErrorData(error) });
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type !== 'abort') void work(message);
  else current.abort(new RcxError('pack layer: cancelled', { code: 'ERR_RCX_ABORTED', step: 'pack layer' }));
});
