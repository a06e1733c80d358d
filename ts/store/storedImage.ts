import { RcxError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { parseImageConfig, parseManifest } from '../oci/parse.ts';
import { parseReference } from '../oci/reference.ts';
import type { Descriptor, ImageConfig, ImageManifest } from '../oci/types.ts';
import type { BlobStore } from './blobs.ts';

/** An image of the store, under whatever names. */
export interface StoredImage {
  /** Digest of the config: Docker's image ID. */
  id: Digest;
  /** Canonical names, `docker.io/library/ubuntu:latest`; none for an image that lost its name to another. */
  references: string[];
  /** Names with the digest each was pulled by, `docker.io/library/ubuntu@sha256:…`. */
  repoDigests: string[];
  manifest: Descriptor;
  config: ImageConfig;
  /** Base layer first. */
  diffIds: Digest[];
  /** Bytes of file content of all layers together. */
  size: number;
  /** When it was last given a name on this machine, RFC 3339; absent for one that only came with its names. */
  lastTagged?: string;
}

/** The annotation that skopeo, umoci and buildah take an image's name from. */
export const REFERENCE_NAME = 'org.opencontainers.image.ref.name';
/** The digest that the name led to in the registry: the index's, where the image was chosen from one. */
const SOURCE_DIGEST = 'io.rcx.source.digest';
/** Kept in the index, so that listing images does not read every layer's record. */
const UNPACKED_SIZE = 'io.rcx.unpacked.size';

/** When the name was given here; one that a registry or an archive has for the image is not. */
const TAG_TIME = 'io.rcx.tag.time';

/** What is known of an image besides its manifest. */
export interface ImageFacts {
  reference: string | undefined;
  /** Digest that the registry serves under the reference, if that is where it comes from. */
  sourceDigest: Digest | undefined;
  /** Bytes of file content of all layers. */
  size: number;
  /** When the name was given on this machine, RFC 3339. */
  tagged?: string | undefined;
}

/** The entry of `index.json` for one name of an image. */
export function toEntry(manifest: Descriptor, facts: ImageFacts): Descriptor {
  const annotations: Record<string, string> = { [UNPACKED_SIZE]: String(facts.size) };
  if (facts.reference !== undefined) annotations[REFERENCE_NAME] = facts.reference;
  if (facts.sourceDigest !== undefined) annotations[SOURCE_DIGEST] = facts.sourceDigest;
  if (facts.tagged !== undefined) annotations[TAG_TIME] = facts.tagged;
  return { ...manifest, annotations: { ...manifest.annotations, ...annotations } };
}

/** What an entry of `index.json`, perhaps written by another tool, says. */
export function factsOf(entry: Descriptor): ImageFacts {
  const { annotations = {} } = entry;
  const { [REFERENCE_NAME]: reference, [SOURCE_DIGEST]: source, [UNPACKED_SIZE]: size } = annotations;
  const tagged = Date.parse(annotations[TAG_TIME] ?? '');
  return {
    reference,
    sourceDigest: source !== undefined && isDigest(source) ? source : undefined,
    size: /^[0-9]+$/.test(size ?? '') ? Number(size) : 0,
    ...(!Number.isNaN(tagged) && { tagged: new Date(tagged).toISOString() }),
  };
}

/** The same entry without a name: the image stays, as Docker's `<none>`. */
export function withoutReference(entry: Descriptor): Descriptor {
  return toEntry(withoutAnnotations(entry), { ...factsOf(entry), reference: undefined, tagged: undefined });
}

/** The manifest's own descriptor. */
export function withoutAnnotations({ annotations: _dropped, ...descriptor }: Descriptor): Descriptor {
  return descriptor;
}

/**
 * Reads manifest and config of an image.
 * @param entries all entries of `index.json` for one manifest, at least one
 */
export function readImage(blobs: BlobStore, manifest: Descriptor, entries: readonly Descriptor[]): StoredImage {
  const { config: descriptor } = readManifest(blobs, manifest);
  const config = blobs.document(descriptor.digest, parseImageConfig);
  const facts = entries.map(factsOf);
  const lastTagged = facts
    .flatMap(({ tagged }) => tagged ?? [])
    .sort()
    .at(-1);
  return {
    id: descriptor.digest,
    references: facts.map((each) => each.reference).filter((each) => each !== undefined),
    repoDigests: [...new Set(facts.flatMap(repoDigest))],
    manifest: withoutAnnotations(manifest),
    config,
    diffIds: config.rootfs.diff_ids,
    size: Math.max(...facts.map((each) => each.size)),
    ...(lastTagged !== undefined && { lastTagged }),
  };
}

/** @throws ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED_MEDIA_TYPE for an index */
export function readManifest(blobs: BlobStore, { digest, mediaType }: Descriptor): ImageManifest {
  const parsed = blobs.document(digest, (bytes) => parseManifest(bytes, mediaType));
  if (parsed.kind === 'manifest') return parsed.manifest;
  throw new RcxError(`read image ${digest}: the store has an index where it keeps images`, {
    code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
    step: 'read image',
    path: digest,
    hint: 'rcx keeps one platform of an image; add this one with: rcx pull',
  });
}

function repoDigest({ reference, sourceDigest }: ImageFacts): string[] {
  if (reference === undefined || sourceDigest === undefined) return [];
  const { registry, repository } = parseReference(reference);
  return [`${registry}/${repository}@${sourceDigest}`];
}
