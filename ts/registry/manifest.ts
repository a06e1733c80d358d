import { RcxError } from '../errors.ts';
import { type Digest, DigestVerifier, digestOf, isDigest } from '../oci/digest.ts';
import { MANIFEST_TYPES } from '../oci/mediaTypes.ts';
import { bareMediaType, parseManifest } from '../oci/parse.ts';
import { canonicalReference, type Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Subject } from './answer.ts';
import { discard, readLimited } from './body.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { inContext, networkFailure } from './failure.ts';
import type { Session } from './session.ts';
import type { HttpResponse } from './transport.ts';

/** Bytes; the limit registries themselves keep (distribution-spec, "Pushing Manifests": at least 4 MiB). */
export const MAX_MANIFEST_SIZE = 4 * 1024 * 1024;

/** A manifest or index, checked, with the exact bytes its digest stands for. */
export interface FetchedManifest {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** A signal that fires with the first of two. */
export function either(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}

/** Asks one endpoint for a manifest, once. */
export async function getManifest(
  session: Session,
  endpoint: Endpoint,
  reference: Reference,
  deadline: AbortSignal,
  signal: AbortSignal | undefined,
): Promise<FetchedManifest> {
  const subject: Subject = { name: canonicalReference(reference), kind: 'manifest', registry: endpoint.registry };
  const path = `manifests/${reference.digest ?? reference.tag}`;
  const headers = { accept: MANIFEST_TYPES.join(', ') };
  try {
    const options = { headers, signal: either(deadline, signal) };
    const response = await session.get(endpoint, path, subject, [200], options);
    const bytes = await readLimited(response, MAX_MANIFEST_SIZE);
    if (bytes === undefined) throw tooLarge(response);
    return check(reference, response, bytes);
  } catch (cause) {
    const failure = networkFailure(subject.name, endpointName(endpoint), cause, signal);
    throw isAboutContent(failure) ? inContext(failure, `${subject.name} from ${endpointName(endpoint)}`) : failure;
  }
}

/**
 * Asks one endpoint what a tag leads to, without the manifest itself: registries that count pulls do not count this.
 * @returns undefined where the registry does not say
 */
export async function getDigest(
  session: Session,
  endpoint: Endpoint,
  reference: Reference,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  const subject: Subject = { name: canonicalReference(reference), kind: 'manifest', registry: endpoint.registry };
  const headers = { accept: MANIFEST_TYPES.join(', ') };
  const path = `manifests/${reference.digest ?? reference.tag}`;
  const response = await session.get(endpoint, path, subject, [200], { method: 'HEAD', headers, signal });
  await discard(response.body);
  return announcedDigest(response.headers['docker-content-digest']);
}

function check(reference: Reference, { headers }: HttpResponse, bytes: Buffer): FetchedManifest {
  const digest = verify(reference.digest ?? announcedDigest(headers['docker-content-digest']), bytes);
  const contentType = headers['content-type'];
  const parsed = parseManifest(bytes, bareMediaType(Array.isArray(contentType) ? contentType[0] : contentType));
  const { mediaType } = parsed.kind === 'index' ? parsed.index : parsed.manifest;
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
}

/** What a registry says is the digest of a manifest; undefined where it says nothing of use. */
export function announcedDigest(header: string | string[] | undefined): Digest | undefined {
  return typeof header === 'string' && isDigest(header) ? header : undefined;
}

function verify(expected: Digest | undefined, bytes: Buffer): Digest {
  if (expected === undefined) return digestOf(bytes);
  const verifier = new DigestVerifier(expected);
  verifier.update(bytes);
  verifier.finish();
  return expected;
}

/** Such errors come from pure code, which does not know whose content it judged. */
function isAboutContent(failure: unknown): failure is RcxError {
  const codes = [
    'ERR_RCX_INVALID_MANIFEST',
    'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
    'ERR_RCX_DIGEST_MISMATCH',
    'ERR_RCX_MANIFEST_TOO_LARGE',
  ];
  return failure instanceof RcxError && codes.includes(failure.code);
}

function tooLarge({ headers }: HttpResponse): RcxError {
  const announced = Number(headers['content-length']);
  const size = Number.isFinite(announced) ? `is ${announced} bytes` : 'goes on';
  return new RcxError(`the manifest ${size}, beyond the ${MAX_MANIFEST_SIZE} bytes a manifest may have`, {
    code: 'ERR_RCX_MANIFEST_TOO_LARGE',
    step: 'fetch manifest',
    hint: 'what the registry serves under this name is not a container image manifest; check the name and the registry.',
  });
}
