import { isRcxError, RcxError } from '../../../errors.ts';
import type { Digest } from '../../../oci/digest.ts';
import { isIndexType } from '../../../oci/mediaTypes.ts';
import { type ParsedManifest, parseManifest } from '../../../oci/parse.ts';
import type { Descriptor } from '../../../oci/types.ts';
import { blobName, contentOf, type Members } from './members.ts';

/** What registries take (distribution-spec, "Pushing Manifests"); a larger manifest could not have come from one. */
export const MOST_MANIFEST = 4 * 1024 * 1024;

export interface ReadManifest {
  bytes: Buffer;
  parsed: ParsedManifest;
}

/** Manifests and indexes of an image layout, each read once however many entries lead to it. */
export class Manifests {
  readonly #members: Members;
  readonly #read = new Map<Digest, ReadManifest>();
  readonly #visited = new Set<Digest>();

  constructor(members: Members) {
    this.#members = members;
  }

  /**
   * @param by the document that has the entry
   * @throws ERR_RCX_ARCHIVE_INVALID, ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED_MEDIA_TYPE
   */
  async read(entry: Descriptor, by: string): Promise<ReadManifest> {
    const known = this.#read.get(entry.digest);
    if (known !== undefined) return known;
    const bytes = contentOf(await this.#members.blob(entry, by), MOST_MANIFEST);
    const read = { bytes, parsed: inMember(blobName(entry.digest), () => parseManifest(bytes, entry.mediaType)) };
    this.#read.set(entry.digest, read);
    return read;
  }

  /**
   * Digests of the configs of all manifests that an entry leads to. What is not taken need not be right, nor be there: docker
   * saves of an index the platforms that it has.
   */
  async configsOf(entry: Descriptor): Promise<Digest[]> {
    if (this.#visited.has(entry.digest) || !this.#members.has(blobName(entry.digest))) return [];
    this.#visited.add(entry.digest);
    try {
      const { parsed } = await this.read(entry, blobName(entry.digest));
      if (parsed.kind === 'manifest') return [parsed.manifest.config.digest];
      const inner = parsed.index.manifests.filter(({ mediaType }) => !isIndexType(mediaType));
      const found: Digest[] = [];
      for (const each of inner) found.push(...(await this.configsOf(each)));
      return found;
    } catch (error) {
      if (isRcxError(error)) return [];
      throw error;
    }
  }
}

/** Has an error name the member that it is about. */
export function inMember<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (!(cause instanceof RcxError)) throw cause;
    const { code, hint } = cause;
    throw new RcxError(`load: ${name}: ${cause.message}`, { code, step: 'load', path: name, hint, cause });
  }
}
