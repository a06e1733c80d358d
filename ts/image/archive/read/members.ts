import { createReadStream, readFileSync } from 'node:fs';
import { isRcxError } from '../../../errors.ts';
import type { ByteString } from '../../../layer/errors.ts';
import { algorithmOf, type Digest, DigestVerifier, hexOf } from '../../../oci/digest.ts';
import type { Descriptor } from '../../../oci/types.ts';
import { invalidArchive } from '../errors.ts';
import { memberName } from './memberName.ts';

/** A regular file of the archive, whose content lies in a file without a name of its own. */
export interface FileMember {
  kind: 'file';
  name: ByteString;
  /** The file that has its content. */
  path: string;
  size: number;
  /** sha256 of its content. */
  digest: Digest;
  /** Its first bytes. */
  head: Buffer;
}

export type Member = FileMember | { kind: 'directory' } | { kind: 'link'; target: ByteString };

/** Far more than the archive of hundreds of images has. */
const MOST_MEMBERS = 100_000;

/** What is in an archive, by name. Names are looked up here and nowhere else: none becomes a path. */
export class Members {
  readonly #members = new Map<ByteString, Member>();

  /** @throws ERR_RCX_ARCHIVE_INVALID for a second member of that name, of which readers would take one or the other */
  add(name: ByteString, member: Member): void {
    const before = this.#members.get(name);
    const isSameFolder = before?.kind === 'directory' && member.kind === 'directory';
    if (before !== undefined && !isSameFolder) throw invalidArchive('it is in the archive twice', name);
    if (this.#members.size >= MOST_MEMBERS) throw invalidArchive(`the archive has more than ${MOST_MEMBERS} members`);
    this.#members.set(name, member);
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  has(text: string): boolean {
    return this.#members.has(bytesOf(text));
  }

  /**
   * The file of that name, or that the links of that name lead to.
   * @param by the document that names it
   * @throws ERR_RCX_ARCHIVE_INVALID
   */
  file(text: string, by: string): FileMember {
    const seen = new Set<ByteString>();
    for (let name = memberName(bytesOf(text)); ; ) {
      const member = this.#members.get(name);
      if (member === undefined) throw invalidArchive(`${by} names it, and it is not in the archive`, name);
      if (member.kind === 'file') return member;
      if (member.kind === 'directory') throw invalidArchive(`${by} takes it for a file, and it is a directory`, name);
      if (seen.has(name)) throw invalidArchive('it is a link that leads in a circle', name);
      seen.add(name);
      name = member.target;
    }
  }

  /**
   * The whole of a document.
   * @throws ERR_RCX_ARCHIVE_INVALID when it is missing or has more than `most` bytes
   */
  document(text: string, most: number, by: string): Buffer {
    return contentOf(this.file(text, by), most);
  }

  /**
   * The blob of an image layout (image-spec, image-layout.md, "Blobs"), which is what its descriptor says.
   * @throws ERR_RCX_ARCHIVE_INVALID
   */
  async blob({ digest, size }: Pick<Descriptor, 'digest' | 'size'>, by: string): Promise<FileMember> {
    const member = this.file(blobName(digest), by);
    if (member.size !== size) throw invalidArchive(`it has ${member.size} bytes, and ${by} says ${size}`, member.name);
    if (!(await hasDigest(member, digest))) throw invalidArchive('its content is not what its name says', member.name);
    return member;
  }
}

/** Where an image layout has a blob. */
export function blobName(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

/** The whole of a small member. @throws ERR_RCX_ARCHIVE_INVALID */
export function contentOf(member: FileMember, most: number): Buffer {
  if (member.size > most) {
    throw invalidArchive(
      `it has ${member.size} bytes, more than the ${most} that such a document may have`,
      member.name,
    );
  }
  return readFileSync(member.path);
}

/** Other digests than those taken while the archive was read are rare enough to read again for. */
async function hasDigest(member: FileMember, digest: Digest): Promise<boolean> {
  if (algorithmOf(digest) === algorithmOf(member.digest)) return digest === member.digest;
  const verifier = new DigestVerifier(digest, member.size);
  for await (const chunk of createReadStream(member.path)) verifier.update(chunk as Buffer);
  try {
    verifier.finish();
    return true;
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_DIGEST_MISMATCH')) return false;
    throw error;
  }
}

/** Documents are UTF-8, names in archives are bytes. */
function bytesOf(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}
