import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSource } from '../../ts/image/source.ts';
import { DigestVerifier, hexOf } from '../../ts/oci/digest.ts';
import type { Reference } from '../../ts/oci/reference.ts';
import type { Descriptor, ImageIndex } from '../../ts/oci/types.ts';

const NAME = 'org.opencontainers.image.ref.name';

/** An OCI image layout on disk, read as a registry is: what other tools wrote can be pulled without a network. */
export class LayoutSource implements ImageSource {
  readonly #directory: string;
  /** Digests of the blobs that were asked for, in order. */
  readonly fetched: string[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  async fetchManifest(reference: Reference): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
    const index = JSON.parse(readFileSync(join(this.#directory, 'index.json'), 'utf8')) as ImageIndex;
    const descriptor = index.manifests.find(
      (each) => each.digest === reference.digest || each.annotations?.[NAME] === reference.tag,
    );
    if (descriptor === undefined) throw new Error(`${this.#directory} has no ${reference.tag}`);
    const { annotations: _dropped, ...rest } = descriptor;
    return { descriptor: rest, bytes: readFileSync(this.#path(descriptor)) };
  }

  async *fetchBlob(_reference: Reference, descriptor: Descriptor): AsyncGenerator<Buffer> {
    this.fetched.push(descriptor.digest);
    const verifier = new DigestVerifier(descriptor.digest, descriptor.size);
    for await (const chunk of createReadStream(this.#path(descriptor))) {
      verifier.update(chunk as Buffer);
      yield chunk as Buffer;
    }
    verifier.finish();
  }

  #path({ digest }: Descriptor): string {
    return join(this.#directory, 'blobs', 'sha256', hexOf(digest));
  }
}
