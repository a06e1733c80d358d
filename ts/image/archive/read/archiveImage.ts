import { createReadStream } from 'node:fs';
import { type ByteString, readable } from '../../../layer/errors.ts';
import type { Digest } from '../../../oci/digest.ts';
import { isConfigType } from '../../../oci/mediaTypes.ts';
import { parseImageConfig } from '../../../oci/parse.ts';
import { canonicalReference, type Reference } from '../../../oci/reference.ts';
import type { Descriptor, ImageManifest } from '../../../oci/types.ts';
import type { Document } from '../../newImage.ts';
import type { ImageRequest } from '../../resolve.ts';
import type { ImageSource } from '../../source.ts';
import { invalidArchive } from '../errors.ts';
import { inMember } from './manifests.ts';
import { contentOf, type FileMember } from './members.ts';

/** As for a pull. */
const MOST_CONFIG = 8 * 1024 * 1024;

/** An image as a document of an archive describes it; whether the rest of it is there has yet to be seen. */
export interface DescribedImage {
  names: Reference[];
  document: Document;
  manifest: ImageManifest;
  /** The member that is the blob. @throws ERR_RCX_ARCHIVE_INVALID when it is missing or another one */
  find(blob: Descriptor): Promise<FileMember>;
}

/** An image of an archive that has all of its blobs, each verified. */
export class ArchiveImage implements ImageSource {
  readonly names: readonly Reference[];
  /** Digest of the config: Docker's image ID. */
  readonly id: Digest;
  readonly manifest: ImageManifest;
  /** Base layer first. */
  readonly diffIds: readonly Digest[];
  readonly #document: Document;
  readonly #files: ReadonlyMap<Digest, FileMember>;

  private constructor({ names, document, manifest }: DescribedImage, files: ReadonlyMap<Digest, FileMember>) {
    this.names = names;
    this.id = manifest.config.digest;
    this.manifest = manifest;
    this.diffIds = diffIdsOf(manifest, files);
    this.#document = document;
    this.#files = files;
  }

  /** @throws ERR_RCX_ARCHIVE_INVALID, ERR_RCX_INVALID_MANIFEST */
  static async of(image: DescribedImage): Promise<ArchiveImage> {
    const files = new Map<Digest, FileMember>();
    for (const blob of [image.manifest.config, ...image.manifest.layers]) {
      if (!files.has(blob.digest)) files.set(blob.digest, await image.find(blob));
    }
    return new ArchiveImage(image, files);
  }

  /** What {@link fetchManifest} is asked; an image without a name is called by its ID. */
  get request(): ImageRequest {
    const [name] = this.names;
    const reference = name ?? { registry: 'localhost', repository: 'archive', digest: this.id };
    return { reference, subject: `load ${name === undefined ? this.id : canonicalReference(name)}` };
  }

  async fetchManifest(): Promise<Document> {
    return this.#document;
  }

  async *fetchBlob(_reference: Reference, blob: Pick<Descriptor, 'digest'>): AsyncGenerator<Buffer> {
    const file = this.blobFile(blob);
    if (file === undefined) throw invalidArchive(`it has no blob ${blob.digest}`);
    for await (const chunk of createReadStream(file)) yield chunk as Buffer;
  }

  blobFile({ digest }: Pick<Descriptor, 'digest'>): string | undefined {
    return this.#files.get(digest)?.path;
  }

  /** What the archive calls the blob whose digest stands in `text`. */
  memberIn(text: string): ByteString | undefined {
    return [...this.#files].find(([digest]) => text.includes(digest))?.[1].name;
  }
}

/** What is no image is refused where it is fetched, which says of what kind it is. */
function diffIdsOf({ config }: ImageManifest, files: ReadonlyMap<Digest, FileMember>): Digest[] {
  const file = files.get(config.digest);
  if (file === undefined || !isConfigType(config.mediaType)) return [];
  const bytes = contentOf(file, MOST_CONFIG);
  return inMember(readable(file.name), () => parseImageConfig(bytes)).rootfs.diff_ids;
}
