import { RcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { isConfigType, layerCompression } from '../oci/mediaTypes.ts';
import { parseImageConfig, parseManifest } from '../oci/parse.ts';
import { choosePlatform, formatPlatform, hostPlatform } from '../oci/platform.ts';
import { canonicalReference, type Reference } from '../oci/reference.ts';
import type { Descriptor, ImageConfig, ImageManifest, Platform } from '../oci/types.ts';
import type { BlobStore } from '../store/blobs.ts';
import { receive } from './receive.ts';
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

/** What is asked of a source. */
export interface ImageRequest {
  reference: Reference;
  /** What messages begin with: `pull docker.io/library/ubuntu:latest`. */
  subject: string;
}

export interface ResolveContext extends ImageRequest {
  source: ImageSource;
  /** What has a digest and is in the store need not be asked for again. */
  blobs: BlobStore;
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
  if (parsed.kind === 'index') throw invalid(context, 'an index leads to another index');
  const { manifest } = parsed;
  checkTypes(manifest, context);
  const configBytes = await readConfig(context, manifest.config);
  const config = parseImageConfig(configBytes);
  checkLayers(manifest, config, context);
  if (platform !== undefined) checkPlatform(config, platform, context);
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

async function readConfig(context: ResolveContext, descriptor: Descriptor) {
  const { source, blobs, reference, signal } = context;
  if (descriptor.size > MAX_CONFIG) throw invalid(context, `its config has ${descriptor.size} bytes`);
  const stored = blobs.readIfWhole(descriptor);
  if (stored !== undefined) return stored;
  return await receive(descriptor, async (onResume) => {
    const chunks: Buffer[] = [];
    for await (const chunk of source.fetchBlob(reference, descriptor, { signal, onResume })) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
}

/** Says that something is no container image before half of it is downloaded. */
function checkTypes(manifest: ImageManifest, request: ImageRequest): void {
  if (!isConfigType(manifest.config.mediaType)) {
    throw new RcxError(`${request.subject}: it is not a container image: its config is ${manifest.config.mediaType}`, {
      code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
      ...placeOf(request),
      hint: 'this name is that of another kind of artifact (a chart, a signature, a plugin): check it.',
    });
  }
  for (const layer of manifest.layers) checkLayerType(layer, request);
}

function checkLayerType({ digest, mediaType }: Descriptor, request: ImageRequest): void {
  try {
    layerCompression(mediaType);
  } catch (cause) {
    if (!(cause instanceof RcxError)) throw cause;
    const { code, hint } = cause;
    const message = `${request.subject}: layer ${digest}: ${cause.message}`;
    throw new RcxError(message, { code, ...placeOf(request), hint, cause });
  }
}

function checkLayers(manifest: ImageManifest, config: ImageConfig, request: ImageRequest): void {
  const [layers, diffIds] = [manifest.layers.length, config.rootfs.diff_ids.length];
  if (layers !== diffIds) throw invalid(request, `it has ${layers} layers, but its config names ${diffIds}`);
}

/** Without an index nothing was chosen: whoever asked for a platform must not silently get another. */
function checkPlatform(config: ImageConfig, wanted: Platform, request: ImageRequest): void {
  const offered = { os: config.os, architecture: config.architecture };
  if (offered.os === wanted.os && offered.architecture === wanted.architecture) return;
  throw new RcxError(
    `${request.subject}: the image is for ${formatPlatform(offered)}, not for ${formatPlatform(wanted)}`,
    {
      code: 'ERR_RCX_PLATFORM_NOT_FOUND',
      step: 'choose platform',
      path: canonicalReference(request.reference),
      hint: 'leave out --platform to take it as it is.',
    },
  );
}

function invalid(request: ImageRequest, problem: string): RcxError {
  return new RcxError(`${request.subject}: ${problem}`, {
    code: 'ERR_RCX_INVALID_MANIFEST',
    ...placeOf(request),
    hint: 'the registry, mirror or file does not hold a valid image under this name; ask its publisher.',
  });
}

function placeOf({ reference, subject }: ImageRequest): { step: string; path: string } {
  return { step: subject.split(' ', 1)[0] ?? subject, path: canonicalReference(reference) };
}
