// The entry of the threads that unpack layers: one layer at a time, synchronously, because a tree of many small files
// costs several times as much when every system call waits for an event loop.
import { parentPort } from 'node:worker_threads';
import { LayerArchive } from './archive.ts';
import { type FromWorker, toErrorData, type UnpackJob } from './protocol.ts';
import { unpackLayer } from './unpack.ts';

const PROGRESS_BYTES = 1024 * 1024;

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

function unpack(job: UnpackJob): void {
  try {
    const archive = new LayerArchive(job.feed, job.diffId);
    try {
      send({ type: 'done', result: unpackLayer(job, archive, reporter()) });
    } finally {
      archive.close();
    }
  } catch (error) {
    send({ type: 'failed', error: toErrorData(error) });
  }
}

parentPort?.on('message', unpack);
