import { createReadStream } from 'node:fs';
import { isRcxError } from '../../errors.ts';
import { turns } from '../../image/turns.ts';
import { type Digest, DigestVerifier } from '../../oci/digest.ts';
import { BlobStore } from '../blobs.ts';
import { listBlobs } from '../listing.ts';
import { toRcxError } from '../nativeError.ts';
import type { StorePaths } from '../paths.ts';

/** Files read at the same time: enough to keep a disk busy. */
const AT_ONCE = 4;
/** Hashing a piece holds up this thread's other work for some tenths of a millisecond. */
const PIECE = 256 * 1024;

export interface BlobCheck {
  count: number;
  /** Blobs that are not what their name says, and why. */
  damaged: Map<Digest, string>;
}

/** Reads every blob again and compares it with its name. @throws the signal's reason */
export async function checkBlobs(paths: StorePaths, signal: AbortSignal): Promise<BlobCheck> {
  const blobs = new BlobStore(paths);
  const takeTurn = turns(AT_ONCE);
  const damaged = new Map<Digest, string>();
  const digests = listBlobs(paths);
  const check = async (digest: Digest) => {
    const why = await damageOf(blobs, digest, signal);
    if (why !== undefined) damaged.set(digest, why);
  };
  await Promise.all(digests.map((digest) => takeTurn(() => check(digest))));
  return { count: digests.length, damaged };
}

/** What is wrong with a blob; undefined when nothing is, or when it was removed meanwhile. */
export async function damageOf(blobs: BlobStore, digest: Digest, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const verifier = new DigestVerifier(digest);
  try {
    for await (const chunk of createReadStream(blobs.path(digest), { highWaterMark: PIECE, signal })) {
      verifier.update(chunk as Buffer);
    }
    verifier.finish();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (isRcxError(error, 'ERR_RCX_DIGEST_MISMATCH')) {
      return `its ${verifier.received} bytes are not what its name says`;
    }
    const failure = toRcxError(error, 'ERR_RCX_STORE');
    return failure.errno === 'ENOENT' ? undefined : `it cannot be read: ${failure.message}`;
  }
}
