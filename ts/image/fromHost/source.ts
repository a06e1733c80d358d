import { createHash } from 'node:crypto';
import { RcxError } from '../../errors.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Descriptor } from '../../oci/types.ts';
import type { ImageSource } from '../source.ts';
import { type ImageDocuments, imageDocuments, layerDescriptor } from './imageDocuments.ts';
import { layerArchive, layerTime, measure } from './layer.ts';
import type { HostRootfs } from './rootfs.ts';

/** The host's programs as a place that an image comes from, so that the rest of its way is that of a pull. */
export class HostImageSource implements ImageSource {
  readonly isLocal = true;
  readonly #archive: () => Generator<Buffer>;
  readonly #layer: Descriptor;
  readonly #documents: ImageDocuments;

  /** Reads every file once, to learn the layer's digest; none is kept in memory. */
  constructor(rootfs: HostRootfs, programs: readonly string[] = []) {
    const time = layerTime(rootfs.entries);
    this.#archive = () => layerArchive(rootfs.entries, time);
    this.#layer = layerDescriptor(measure(this.#archive()));
    this.#documents = imageDocuments(this.#layer, rootfs, time, programs);
  }

  async fetchManifest(): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
    return this.#documents.manifest;
  }

  async *fetchBlob(_reference: Reference, { digest }: Pick<Descriptor, 'digest'>): AsyncGenerator<Buffer> {
    const { config } = this.#documents;
    if (digest === config.descriptor.digest) yield config.bytes;
    else yield* unchanged(this.#archive(), this.#layer);
  }
}

/** Refuses the archive, before its last piece is out, where a file is another one than when the digest was taken. */
function* unchanged(chunks: Iterable<Buffer>, layer: Descriptor): Generator<Buffer> {
  const hash = createHash('sha256');
  let size = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
    if (size === layer.size && layer.digest !== `sha256:${hash.digest('hex')}`) throw changed();
    yield chunk;
  }
}

function changed(): RcxError {
  return new RcxError('image from-host: a file changed while the image was made', {
    code: 'ERR_RCX_HOST_FILE',
    step: 'read the host files',
    hint: 'try again once nothing is being installed.',
  });
}
