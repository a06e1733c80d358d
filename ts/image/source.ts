import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';

/** Where images come from: a registry, or anything that can be read like one. */
export interface ImageSource {
  /** What it gives is made on this machine: no registry has it, and it gets no `RepoDigests`. */
  readonly isLocal?: boolean;
  /** The manifest or index that the reference leads to, verified against its digest if it has one. */
  fetchManifest(
    reference: Reference,
    options?: { signal?: AbortSignal },
  ): Promise<{ descriptor: Descriptor; bytes: Buffer }>;
  /**
   * The digest that the reference leads to, where it can be had more cheaply than the manifest.
   * @returns undefined where it cannot
   */
  fetchDigest?(reference: Reference, options?: { signal?: AbortSignal }): Promise<Digest | undefined>;
  /** The blob's content; throws at the end, at the latest, if it is not what the descriptor says. */
  fetchBlob(reference: Reference, descriptor: Descriptor, options?: FetchBlobOptions): AsyncIterable<Buffer>;
  /**
   * A file that is the blob, size and digest verified, on the file system of the store: it need not be copied, then.
   * @returns undefined where there is none
   */
  blobFile?(descriptor: Descriptor): string | undefined;
}

export interface FetchBlobOptions {
  signal?: AbortSignal;
  /** Called when what was broken off goes on, by another answer. */
  onResume?: () => void;
}
