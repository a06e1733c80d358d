import { RcxError } from '../errors.ts';
import { parseConfig } from './imageConfig.ts';
import { digest, integer, JsonNode, listOf, mapOf, present, type Reader, size, string } from './json.ts';
import { DOCKER_INDEX, isIndexType, isManifestType, isSchema1Type, OCI_INDEX, OCI_MANIFEST } from './mediaTypes.ts';
import { plain, quote } from './quote.ts';
import type { Descriptor, ImageConfig, ImageIndex, ImageManifest, Platform } from './types.ts';

/** What a registry's manifest endpoint may answer. */
export type ParsedManifest = { kind: 'manifest'; manifest: ImageManifest } | { kind: 'index'; index: ImageIndex };

/** overlayfs refuses more than 500 lower directories (OVL_MAX_STACK), so no image beyond it can run. */
const MAX_LAYERS = 500;
const MAX_INDEX_ENTRIES = 10_000;
/** Types that servers and files use when they know no better; the document's own words decide then. */
const GENERIC_TYPES = new Set([
  '',
  'application/json',
  'application/octet-stream',
  'text/plain',
  'binary/octet-stream',
]);

/**
 * Reads and checks an OCI or Docker schema 2 manifest or index.
 * @param mediaType the Content-Type it was served with, or the `mediaType` of the descriptor that led to it.
 * @throws ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED_MEDIA_TYPE (Docker schema 1, artifacts of other kinds)
 */
export function parseManifest(bytes: Uint8Array, mediaType?: string): ParsedManifest {
  const served = bareMediaType(mediaType);
  if (isSchema1Type(served)) throw unsupported(served);
  const document = parseDocument(bytes, 'manifest', served);
  const written = document.optional('mediaType', string);
  refuseAmbiguity(document, served, written);
  const type = effectiveType(document, served, written);
  if (isIndexType(type)) return { kind: 'index', index: readIndex(document, type) };
  if (isManifestType(type)) return { kind: 'manifest', manifest: readManifest(document, type) };
  throw unsupported(type);
}

/**
 * Reads and checks the `index.json` of an image layout, and gives its entries. docker 25.0 wrote null where it had none.
 * @throws ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED_MEDIA_TYPE
 */
export function parseLayoutIndex(bytes: Uint8Array): Descriptor[] {
  const document = parseDocument(bytes, 'index', '');
  const written = document.optional('mediaType', string);
  if (written !== undefined && !isIndexType(written)) throw unsupported(written);
  schemaVersion2(document);
  return document.optional('manifests', listOf(descriptor, MAX_INDEX_ENTRIES)) ?? [];
}

/**
 * Reads and checks an image config (OCI or Docker).
 * @throws ERR_RCX_INVALID_MANIFEST
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  return parseConfig(parseDocument(bytes, 'image config', ''));
}

/** `Application/JSON; charset=utf-8` → `application/json`. */
export function bareMediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function parseDocument(bytes: Uint8Array, what: string, servedAs: string): JsonNode {
  const failure = (problem: string, path: string): RcxError =>
    new RcxError(`invalid ${what}: ${problem}`, {
      code: 'ERR_RCX_INVALID_MANIFEST',
      step: `parse ${what}`,
      path,
      hint: 'the registry, mirror or file does not hold a valid image under this name; push it again with a current tool, or ask its publisher.',
    });
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return new JsonNode(JSON.parse(text) as unknown, failure);
  } catch (cause) {
    const seen = servedAs === '' ? '' : ` (it was served as ${quote(servedAs)})`;
    throw Object.assign(failure(`it is not JSON${seen}`, ''), { cause });
  }
}

/** One document that two clients could read as two different images is an attack (CVE-2021-41190), not a manifest. */
function refuseAmbiguity(document: JsonNode, served: string, written: string | undefined): void {
  const isIndex = document.has('manifests');
  if (isIndex && (document.has('layers') || document.has('config'))) {
    throw document.error('has both "manifests" and "layers" or "config"');
  }
  if (written !== undefined && !GENERIC_TYPES.has(served) && served !== written) {
    throw document.error(`calls itself ${quote(written)} but was served as ${quote(served)}`);
  }
}

function effectiveType(document: JsonNode, served: string, written: string | undefined): string {
  if (!GENERIC_TYPES.has(served)) return served;
  if (written !== undefined) return written;
  if (document.has('fsLayers') || document.optional('schemaVersion', integer) === 1) {
    throw unsupported('application/vnd.docker.distribution.manifest.v1+json');
  }
  if (document.has('manifests')) return OCI_INDEX;
  if (document.has('config')) return OCI_MANIFEST;
  throw document.error('is neither an image manifest nor an index');
}

function readManifest(document: JsonNode, mediaType: string): ImageManifest {
  if (document.has('manifests')) throw document.error(`has "manifests" but is of type ${mediaType}`);
  return {
    schemaVersion: schemaVersion2(document),
    mediaType,
    config: document.required('config', descriptor),
    layers: document.required('layers', listOf(descriptor, MAX_LAYERS)),
    ...readCommon(document),
  };
}

function readIndex(document: JsonNode, mediaType: string): ImageIndex {
  if (document.has('layers') || document.has('config')) {
    throw document.error(`has "layers" or "config" but is of type ${mediaType}`);
  }
  // Go's encoder writes null for a list without entries, which only Docker's format does not rule out.
  const read = listOf(descriptor, MAX_INDEX_ENTRIES);
  const manifests =
    mediaType === DOCKER_INDEX ? document.optional('manifests', read) : document.required('manifests', read);
  return { schemaVersion: schemaVersion2(document), mediaType, manifests: manifests ?? [], ...readCommon(document) };
}

function readCommon(document: JsonNode) {
  return present({
    artifactType: document.optional('artifactType', string),
    subject: document.optional('subject', descriptor),
    annotations: document.optional('annotations', mapOf(string)),
  });
}

function schemaVersion2(document: JsonNode): 2 {
  const version = document.required('schemaVersion', integer);
  if (version !== 2) throw document.error(`has schemaVersion ${version}, not 2`);
  return 2;
}

const descriptor: Reader<Descriptor> = (node) => ({
  mediaType: node.required('mediaType', mediaTypeName),
  digest: node.required('digest', digest),
  size: node.required('size', size),
  ...present({
    urls: node.optional('urls', listOf(string)),
    annotations: node.optional('annotations', mapOf(string)),
    artifactType: node.optional('artifactType', string),
    platform: node.optional('platform', platform),
  }),
});

/** RFC 6838 §4.2 names, which also keeps spaces and control characters out of later messages and headers. */
const mediaTypeName: Reader<string> = (node) => {
  const name = string(node);
  if (!/^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(name)) throw node.error(`is ${quote(name)}, not a media type`);
  return name;
};

const platform: Reader<Platform> = (node) => ({
  os: node.optional('os', string) ?? '',
  architecture: node.optional('architecture', string) ?? '',
  ...present({
    variant: node.optional('variant', string),
    'os.version': node.optional('os.version', string),
    'os.features': node.optional('os.features', listOf(string)),
  }),
});

function unsupported(mediaType: string): RcxError {
  const schema1 = isSchema1Type(mediaType);
  return new RcxError(`unsupported manifest media type ${quote(mediaType)}${schema1 ? ' (Docker schema 1)' : ''}`, {
    code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
    step: 'parse manifest',
    path: plain(mediaType),
    hint: schema1
      ? 'docker removed this format, too: pull and push the image once with an older Docker (up to 26) or skopeo copy --format v2s2.'
      : 'rcx reads OCI and Docker schema 2 images and indexes; check that the name is that of a container image.',
  });
}
