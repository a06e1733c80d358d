import { isRcxError, RcxError } from '../../../errors.ts';
import { JsonNode, string } from '../../../oci/json.ts';
import { isConfigType } from '../../../oci/mediaTypes.ts';
import { parseLayoutIndex } from '../../../oci/parse.ts';
import { choosePlatform, hostPlatform } from '../../../oci/platform.ts';
import { canonicalReference } from '../../../oci/reference.ts';
import type { Descriptor, Platform } from '../../../oci/types.ts';
import { invalidArchive, unsupportedArchive } from '../errors.ts';
import type { DescribedImage } from './archiveImage.ts';
import { type Choice, choicesOf, isImage } from './choices.ts';
import { inMember, Manifests, MOST_MANIFEST } from './manifests.ts';
import { blobName, type Members } from './members.ts';

/** The entry of an image layout (image-spec, image-layout.md). */
export const INDEX = 'index.json';
export const LAYOUT = 'oci-layout';
export const VERSION = '1.0.0';

/** What the index of a layout leads to. */
export interface Layout {
  /** Those for the platform. */
  images: DescribedImage[];
  /** Digests of all configs, also of those for other platforms. */
  ids: ReadonlySet<string>;
}

/**
 * Reads an image layout: the images in its index, of several platforms the one that a pull would take.
 * @param platform this machine's by default
 * @throws ERR_RCX_ARCHIVE_INVALID, ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED, ERR_RCX_UNSUPPORTED_MEDIA_TYPE,
 *   ERR_RCX_PLATFORM_NOT_FOUND
 */
export async function readLayout(members: Members, platform: Platform = hostPlatform()): Promise<Layout> {
  checkVersion(members);
  const bytes = members.document(INDEX, MOST_MANIFEST, LAYOUT);
  const entries = inMember(INDEX, () => parseLayoutIndex(bytes)).filter(isImage);
  const manifests = new Manifests(members);
  const images = new Map<string, DescribedImage>();
  const ids = new Set<string>();
  for (const choice of choicesOf(entries, INDEX)) {
    for (const entry of choice.entries) for (const id of await manifests.configsOf(entry)) ids.add(id);
    const image = await choose(members, manifests, choice, platform);
    if (image === undefined) continue;
    const { digest } = image.document.descriptor;
    const known = images.get(digest);
    if (known === undefined) images.set(digest, image);
    else known.names.push(...image.names);
  }
  return { images: [...images.values()], ids };
}

function checkVersion(members: Members): void {
  if (!members.has(LAYOUT)) return;
  const failure = (problem: string) => invalidArchive(problem, LAYOUT);
  let document: unknown;
  try {
    document = JSON.parse(members.document(LAYOUT, MOST_MANIFEST, INDEX).toString('utf8'));
  } catch (error) {
    throw isRcxError(error) ? error : failure('it is not JSON');
  }
  const version = new JsonNode(document, failure).required('imageLayoutVersion', string);
  if (version === VERSION) return;
  throw unsupportedArchive(`image layouts of version ${version} are unknown`, `rcx reads version ${VERSION}.`, LAYOUT);
}

/** @returns undefined for what is no image and has no name either: a signature, say */
async function choose(
  members: Members,
  manifests: Manifests,
  { name, entries }: Choice,
  platform: Platform,
): Promise<DescribedImage | undefined> {
  const subject = name === undefined ? INDEX : canonicalReference(name);
  let by = INDEX;
  // Where there is no choice it is taken as it is, like what a name in a registry leads to.
  let entry = entries.length === 1 && entries[0] !== undefined ? entries[0] : pick(entries, platform, subject);
  let read = await manifests.read(entry, by);
  if (read.parsed.kind === 'index') {
    by = blobName(entry.digest);
    entry = pick(read.parsed.index.manifests, platform, subject);
    read = await manifests.read(entry, by);
  }
  const { parsed, bytes } = read;
  if (parsed.kind === 'index') throw invalidArchive('an index leads to another index', by);
  const { manifest } = parsed;
  if (name === undefined && !isConfigType(manifest.config.mediaType)) return undefined;
  const { mediaType, digest, size } = entry;
  return {
    names: name === undefined ? [] : [name],
    document: { descriptor: { mediaType, digest, size }, bytes },
    manifest,
    find: (blob) => members.blob(blob, blobName(digest)),
  };
}

function pick(manifests: Descriptor[], platform: Platform, subject: string): Descriptor {
  try {
    return choosePlatform({ manifests }, platform);
  } catch (cause) {
    if (!(cause instanceof RcxError)) throw cause;
    const { code, step, path, hint } = cause;
    throw new RcxError(`load ${subject}: ${cause.message}`, { code, step, path, hint, cause });
  }
}
