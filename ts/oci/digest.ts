import { createHash, type Hash } from 'node:crypto';
import { RcxError } from '../errors.ts';
import { quote } from './quote.ts';

/** A content address as in the OCI image-spec, lower-case hex only. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const HEX_LENGTH: Record<string, number> = { sha256: 64, sha512: 128 };

/** Whether `text` is a well-formed digest of an algorithm rcx can verify. */
export function isDigest(text: string): text is Digest {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(text);
  return match !== null && match[2]?.length === HEX_LENGTH[match[1] ?? ''];
}

/**
 * Reads a digest such as `sha256:e3b0…`.
 * @throws ERR_RCX_INVALID_DIGEST for any other algorithm, length or letter case.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RcxError(`invalid digest ${quote(text)}: not sha256:<64 hex digits> or sha512:<128 hex digits>`, {
    code: 'ERR_RCX_INVALID_DIGEST',
    step: 'parse digest',
    hint: 'copy the whole digest, in lower case, as `docker images --digests` or the registry shows it.',
  });
}

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The algorithm of a digest, as `node:crypto` names it. */
export function algorithmOf(digest: Digest): 'sha256' | 'sha512' {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The part after the colon: safe as a file name, since {@link Digest} admits hex only. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** Hashes a stream while it passes, and refuses it as soon as it is longer than it may be. */
export class DigestVerifier {
  readonly expected: Digest;
  readonly size: number | undefined;
  readonly #hash: Hash;
  #received = 0;

  /** @param size expected length in bytes; without it the length is not checked. */
  constructor(expected: Digest, size?: number) {
    this.expected = expected;
    this.size = size;
    this.#hash = createHash(algorithmOf(expected));
  }

  /** Bytes seen so far. */
  get received(): number {
    return this.#received;
  }

  /** @throws ERR_RCX_SIZE_MISMATCH when more arrived than was announced. */
  update(chunk: Uint8Array): void {
    this.#received += chunk.byteLength;
    if (this.size !== undefined && this.#received > this.size) throw this.#sizeMismatch('at least ');
    this.#hash.update(chunk);
  }

  /**
   * Ends the stream; call once.
   * @throws ERR_RCX_SIZE_MISMATCH when it was too short, ERR_RCX_DIGEST_MISMATCH when it is not the content asked for.
   */
  finish(): void {
    if (this.size !== undefined && this.#received !== this.size) throw this.#sizeMismatch('');
    const actual = `${algorithmOf(this.expected)}:${this.#hash.digest('hex')}`;
    if (actual === this.expected) return;
    throw new RcxError(`content does not match its digest: expected ${this.expected}, got ${actual}`, {
      code: 'ERR_RCX_DIGEST_MISMATCH',
      step: 'verify',
      path: this.expected,
      hint: 'the copy was damaged or altered on its way or at its source; nothing of it was kept. Try again, or use another registry or mirror.',
    });
  }

  #sizeMismatch(qualifier: string): RcxError {
    return new RcxError(
      `content of ${this.expected} has the wrong size: expected ${this.size} bytes, got ${qualifier}${this.#received}`,
      {
        code: 'ERR_RCX_SIZE_MISMATCH',
        step: 'verify',
        path: this.expected,
        hint: 'the copy was cut short or altered on its way or at its source; nothing of it was kept. Try again, or use another registry or mirror.',
      },
    );
  }
}
