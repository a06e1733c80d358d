import type { Descriptor } from '../oci/types.ts';
import type { Subject } from './answer.ts';
import type { Endpoint } from './endpoint.ts';
import { type RetryPolicy, waitAfter } from './retry.ts';
import type { Session } from './session.ts';
import { UploadTransfer } from './uploadTransfer.ts';

/** A blob that is to be sent. */
export interface BlobUpload {
  subject: Subject;
  descriptor: Descriptor;
  /** Its bytes from `start` on, up to but not including `end`. */
  read(start: number, end: number): AsyncIterable<Buffer>;
  signal: AbortSignal | undefined;
  /** Called with the bytes that have gone out. */
  onProgress: ((bytesSoFar: number) => void) | undefined;
  /** Repository of the same registry that may have it. */
  mountFrom?: string | undefined;
}

/** What became of an upload. */
export type Uploaded = 'pushed' | 'mounted';

/**
 * Sends a blob (distribution-spec, "Pushing Blobs"): in one request if the registry takes that, in pieces where it does not,
 * and after a broken connection from where it broke.
 * @throws RcxError
 */
export async function uploadBlob(
  session: Session,
  endpoint: Endpoint,
  upload: BlobUpload,
  retry: RetryPolicy,
): Promise<Uploaded> {
  const transfer = new UploadTransfer(session, endpoint, upload);
  let mark = 0;
  let made = 0;
  for (;;) {
    try {
      return await transfer.run();
    } catch (failure) {
      if (transfer.stored > mark) {
        mark = transfer.stored;
        made = 0;
      }
      made++;
      await waitAfter(failure, made, retry, upload.signal);
      transfer.recover();
    }
  }
}
