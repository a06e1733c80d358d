import { createReadStream, statSync } from 'node:fs';
import { RcxError } from '../../../errors.ts';
import { algorithmOf, type Digest, DigestVerifier } from '../../../oci/digest.ts';
import type { Descriptor } from '../../../oci/types.ts';
import type { BlobStore } from '../../../store/blobs.ts';
import { toRcxError } from '../../../store/nativeError.ts';
import { inflatedFile } from '../read/inflate.ts';

const PIECE = 1024 * 1024;

/**
 * The content of a stored blob. Its last piece comes only if all of it is what the digest says: an archive that is written of a
 * damaged one breaks off in the middle of the member, where every reader notices.
 * @throws ERR_RCX_STORE_DAMAGED
 */
export async function* verifiedBlob(blobs: BlobStore, blob: Descriptor): AsyncGenerator<Buffer, void, void> {
  const verifier = new DigestVerifier(blob.digest, blob.size);
  let held: Buffer | undefined;
  try {
    for await (const chunk of createReadStream(blobs.path(blob.digest), { highWaterMark: PIECE })) {
      verifier.update(chunk as Buffer);
      if (held !== undefined) yield held;
      held = chunk as Buffer;
    }
    verifier.finish();
  } catch (cause) {
    throw damaged(blobs, blob.digest, cause);
  }
  if (held !== undefined) yield held;
}

/**
 * Sees that a blob is there with all its bytes, before anything is written.
 * @throws ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_STORE_DAMAGED
 */
export function expectBlob(blobs: BlobStore, { digest, size }: Descriptor): void {
  const stat = statSync(blobs.path(digest), { throwIfNoEntry: false });
  if (stat?.size === size) return;
  if (stat !== undefined) throw damaged(blobs, digest, new Error(`it has ${stat.size} bytes instead of ${size}`));
  throw new RcxError(`save: blob ${digest}: ${blobs.path(digest)}: not in the store`, {
    code: 'ERR_RCX_BLOB_NOT_FOUND',
    step: 'save',
    path: blobs.path(digest),
    hint: 'pull the image again',
  });
}

/** The uncompressed archive of a stored layer, verified as {@link verifiedBlob} verifies. */
export class InflatedLayer {
  readonly #blobs: BlobStore;
  readonly #blob: Descriptor;
  readonly #diffId: Digest;

  constructor(blobs: BlobStore, blob: Descriptor, diffId: Digest) {
    this.#blobs = blobs;
    this.#blob = blob;
    this.#diffId = diffId;
  }

  /** Its length in bytes, for which it must be inflated: it is written nowhere. @throws ERR_RCX_STORE_DAMAGED */
  async size(): Promise<number> {
    let size = 0;
    for await (const piece of this.#pieces()) size += piece.length;
    return size;
  }

  /** @throws ERR_RCX_STORE_DAMAGED */
  async *content(): AsyncGenerator<Buffer, void, void> {
    let held: Buffer | undefined;
    for await (const piece of this.#pieces()) {
      if (held !== undefined) yield held;
      held = Buffer.from(piece);
    }
    if (held !== undefined) yield held;
  }

  async *#pieces(): AsyncGenerator<Buffer, void, void> {
    const { digest, size } = this.#blob;
    try {
      const actual = yield* inflatedFile(this.#blobs.path(digest), size, { algorithm: algorithmOf(this.#diffId) });
      if (actual !== this.#diffId) throw new Error(`it inflates to ${actual}, not to ${this.#diffId}`);
    } catch (cause) {
      throw damaged(this.#blobs, digest, cause);
    }
  }
}

/** The error of a blob that is not what it was when it came into the store. */
export function damaged(blobs: BlobStore, digest: Digest, error: unknown): RcxError {
  const { message, errno } = toRcxError(error, 'ERR_RCX_STORE');
  return new RcxError(`save: blob ${digest}: ${blobs.path(digest)}: ${message}`, {
    code: errno === undefined ? 'ERR_RCX_STORE_DAMAGED' : 'ERR_RCX_STORE',
    step: 'save',
    path: blobs.path(digest),
    errno,
    hint: 'the store is damaged there: remove the image with rcx rmi, and pull or load it again.',
    cause: error,
  });
}
