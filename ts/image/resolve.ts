import { RcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { isConfigType, layerCompression } from '../oci/mediaTypes.ts';
import { parseImageConfig, parseManifest } from '../oci/parse.ts';
import { choosePlatform, formatPlatform, hostPlatform } from '../oci/platform.ts';
import { canonicalReference, type Reference } from '../oci/reference.ts';
import type { Descriptor, ImageConfig, ImageManifest, Platform } from '../oci/types.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { ImageSource } from './source.ts';

/** An image as its source describes it, nothing of it stored yet. */
export interface ResolvedImage {
  /** Descriptor of the image's manifest. */
  descriptor: Descriptor;
  manifest: ImageManifest;
  manifestBytes: Buffer;
  config: ImageConfig;
  configBytes: Buffer;
  /** What the reference leads to: the manifest itself, or the index it was chosen from. */
  sourceDigest: Digest;
}

/** A config that is larger is no config; those of real images have some tens of KiB. */
const MAX_CONFIG = 8 * 1024 * 1024;

export interface ResolveContext {
  source: ImageSource;
  /** What has a digest and is in the store need not be asked for again. */
  blobs: BlobStore;
  reference: Reference;
  signal: AbortSignal;
}

/**
 * Finds out what image a reference means for a platform: manifest and config.
 * @param platform this machine's by default
 * @throws ERR_RCX_PLATFORM_NOT_FOUND, ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED_MEDIA_TYPE, and what the source throws
 */
export async function resolveImage(context: ResolveContext, platform?: Platform): Promise<ResolvedImage> {
  const { source, reference, signal } = context;
  const top = await source.fetchManifest(reference, { signal });
  const { descriptor, bytes } = await chooseManifest(context, top, platform ?? hostPlatform());
  const parsed = parseManifest(bytes, descriptor.mediaType);
  if (parsed.kind === 'index') throw invalid(reference, 'an index leads to another index');
  const { manifest } = parsed;
  checkTypes(manifest, reference);
  const configBytes = await readConfig(context, manifest.config);
  const config = parseImageConfig(configBytes);
  checkLayers(manifest, config, reference);
  if (platform !== undefined) checkPlatform(config, platform, reference);
  return { descriptor, manifest, manifestBytes: bytes, config, configBytes, sourceDigest: top.descriptor.digest };
}

type FetchedManifest = Awaited<ReturnType<ImageSource['fetchManifest']>>;

async function chooseManifest(
  { source, blobs, reference, signal }: ResolveContext,
  top: FetchedManifest,
  platform: Platform,
): Promise<FetchedManifest> {
  const parsed = parseManifest(top.bytes, top.descriptor.mediaType);
  if (parsed.kind === 'manifest') return top;
  const { digest, mediaType, size } = choosePlatform(parsed.index, platform);
  const bytes = blobs.readIfWhole({ digest, size });
  if (bytes !== undefined) return { descriptor: { mediaType, digest, size }, bytes };
  return await source.fetchManifest({ ...reference, digest }, { signal });
}

async function readConfig({ source, blobs, reference, signal }: ResolveContext, descriptor: Descriptor) {
  if (descriptor.size > MAX_CONFIG) throw invalid(reference, `its config has ${descriptor.size} bytes`);
  const stored = blobs.readIfWhole(descriptor);
  if (stored !== undefined) return stored;
  const chunks: Buffer[] = [];
  for await (const chunk of source.fetchBlob(reference, descriptor, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Says that something is no container image before half of it is downloaded. */
function checkTypes(manifest: ImageManifest, reference: Reference): void {
  if (!isConfigType(manifest.config.mediaType)) {
    throw new RcxError(
      `pull ${canonicalReference(reference)}: it is not a container image: its config is ${manifest.config.mediaType}`,
      {
        code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
        step: 'pull',
        path: canonicalReference(reference),
        hint: 'This name is that of another kind of artifact (a chart, a signature, a plugin): check it.',
      },
    );
  }
  for (const layer of manifest.layers) checkLayerType(layer, reference);
}

function checkLayerType({ digest, mediaType }: Descriptor, reference: Reference): void {
  try {
    layerCompression(mediaType);
  } catch (cause) {
    if (!(cause instanceof RcxError)) throw cause;
    const { code, hint } = cause;
    const path = canonicalReference(reference);
    throw new RcxError(`pull ${path}: layer ${digest}: ${cause.message}`, { code, step: 'pull', path, hint, cause });
  }
}

function checkLayers(manifest: ImageManifest, config: ImageConfig, reference: Reference): void {
  const [layers, diffIds] = [manifest.layers.length, config.rootfs.diff_ids.length];
  if (layers !== diffIds) throw invalid(reference, `it has ${layers} layers, but its config names ${diffIds}`);
}

/** Without an index nothing was chosen: whoever asked for a platform must not silently get another. */
function checkPlatform(config: ImageConfig, wanted: Platform, reference: Reference): void {
  const offered = { os: config.os, architecture: config.architecture };
  if (offered.os === wanted.os && offered.architecture === wanted.architecture) return;
  throw new RcxError(
    `pull ${canonicalReference(reference)}: the image is for ${formatPlatform(offered)}, not for ${formatPlatform(wanted)}`,
    {
      code: 'ERR_RCX_PLATFORM_NOT_FOUND',
      step: 'choose platform',
      path: canonicalReference(reference),
      hint: 'Leave out --platform to take it as it is.',
    },
  );
}

function invalid(reference: Reference, problem: string): RcxError {
  return new RcxError(`pull ${canonicalReference(reference)}: ${problem}`, {
    code: 'ERR_RCX_INVALID_MANIFEST',
    step: 'pull',
    path: canonicalReference(reference),
    hint: 'The registry, mirror or file does not hold a valid image under this name; ask its publisher.',
  });
}
