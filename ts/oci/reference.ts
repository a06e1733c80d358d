import { RcxError } from '../errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { plain, quote } from './quote.ts';

/** The name of an image, in full: what Docker calls a normalised named reference. At least one of tag and digest is set. */
export interface Reference {
  /** Host and optional port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  registry: string;
  /** Path in the registry: `library/ubuntu`. */
  repository: string;
  tag?: string;
  /** Where both are given the digest decides and the tag is only a label. */
  digest?: Digest;
}

export const DEFAULT_REGISTRY = 'docker.io';
const LEGACY_DEFAULT_REGISTRY = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
const DEFAULT_TAG = 'latest';
const MAX_REPOSITORY_LENGTH = 255;
/** Generous: registry (253 + port), repository, tag (128) and digest (135) together stay below it. */
const MAX_REFERENCE_LENGTH = 1024;

// The grammar of github.com/distribution/reference. Separators and words share no character, and the length is limited
// above, so hostile input cannot make these backtrack for long.
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const REGISTRY = new RegExp(`^(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[([a-fA-F0-9:]+)\\])(?::([0-9]+))?$`);
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const TAG_RULE = 'a tag is 1 to 128 letters, digits, "_", "." and "-", and starts with none of the last two';

/**
 * Reads an image name as Docker does: `ubuntu` is `docker.io/library/ubuntu:latest`, a first component with a dot, a
 * colon or capitals, or `localhost`, is a registry.
 * @throws ERR_RCX_INVALID_REFERENCE
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'it is empty');
  if (text.length > MAX_REFERENCE_LENGTH) throw invalid(text, `it is longer than ${MAX_REFERENCE_LENGTH} characters`);
  if (/^[0-9a-f]{64}$/.test(text)) throw invalid(text, 'a name of 64 hexadecimal digits would look like an image ID');

  const [name, digest] = splitDigest(text);
  const [registry, remainder] = splitRegistry(name);
  const colon = remainder.lastIndexOf(':');
  const repository = colon === -1 ? remainder : remainder.slice(0, colon);
  const tag = colon === -1 ? undefined : remainder.slice(colon + 1);

  if (!isRegistryName(registry)) throw invalid(text, `${quote(registry)} is not a registry host`);
  checkRepository(text, repository);
  if (tag !== undefined && !TAG.test(tag)) {
    throw invalid(text, TAG_RULE);
  }
  return {
    registry,
    repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
    ...(tag === undefined && digest === undefined && { tag: DEFAULT_TAG }),
  };
}

/**
 * Reads the name for an image that is made here: one with a digest would promise what is in it.
 * @throws ERR_RCX_INVALID_REFERENCE
 */
export function parseTaggedReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest !== undefined) throw invalid(text, 'a name that is given cannot have a digest');
  return reference;
}

/**
 * An image of a repository.
 * @throws ERR_RCX_INVALID_REFERENCE for what is no tag
 */
export function withTag({ registry, repository }: Pick<Reference, 'registry' | 'repository'>, tag: string): Reference {
  if (!TAG.test(tag)) throw invalid(`${repository}:${tag}`, TAG_RULE);
  return { registry, repository, tag };
}

/** Whether a name that {@link parseReference} takes says more than the repository. */
export function hasTagOrDigest(text: string): boolean {
  const [name, digest] = splitDigest(text);
  const [, remainder] = splitRegistry(name);
  return digest !== undefined || remainder.includes(':');
}

/** The whole name: `docker.io/library/ubuntu:latest`; parses back to the same reference. */
export function canonicalReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${suffix(reference)}`;
}

/** The name as Docker's user interface shows it: `ubuntu:latest`; parses back to the same reference. */
export function familiarReference(reference: Reference): string {
  return `${familiarName(reference)}${suffix(reference)}`;
}

/** The familiar name without tag and digest: `ubuntu`, `localhost:5000/app`. */
export function familiarName({ registry, repository }: Pick<Reference, 'registry' | 'repository'>): string {
  const full = `${registry}/${repository}`;
  if (registry !== DEFAULT_REGISTRY) return full;
  const short =
    repository.startsWith(OFFICIAL_PREFIX) && repository.indexOf('/', OFFICIAL_PREFIX.length) === -1
      ? repository.slice(OFFICIAL_PREFIX.length)
      : repository;
  // `docker.io/a.b/c` must not become `a.b/c`, which names another registry; nor may 64 hex digits lose their prefix.
  const [readRegistry, readRepository] = splitRegistry(short);
  const same = readRegistry === registry && readRepository === repository && !/^[0-9a-f]{64}$/.test(short);
  return same ? short : full;
}

/** Whether `text` can stand for a registry in a reference: host name, IPv4 or bracketed IPv6 address, optional port. */
export function isRegistryName(text: string): boolean {
  const match = REGISTRY.exec(text);
  if (match === null || Number(match[2] ?? 0) > 65_535) return false;
  return match[1] === undefined || URL.canParse(`http://[${match[1]}]`);
}

/** `index.docker.io` is Docker Hub under its old name. */
export function canonicalRegistry(registry: string): string {
  return registry === LEGACY_DEFAULT_REGISTRY ? DEFAULT_REGISTRY : registry;
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function splitDigest(text: string): [name: string, digest: Digest | undefined] {
  const at = text.indexOf('@');
  if (at === -1) return [text, undefined];
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) throw invalid(text, `${quote(digest)} is not a sha256 or sha512 digest`);
  return [text.slice(0, at), digest];
}

function splitRegistry(name: string): [registry: string, remainder: string] {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isRegistry = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  const registry = isRegistry ? canonicalRegistry(first) : DEFAULT_REGISTRY;
  const remainder = isRegistry ? name.slice(slash + 1) : name;
  if (registry === DEFAULT_REGISTRY && !remainder.includes('/')) return [registry, `${OFFICIAL_PREFIX}${remainder}`];
  return [registry, remainder];
}

function checkRepository(text: string, repository: string): void {
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    throw invalid(text, `its repository is longer than ${MAX_REPOSITORY_LENGTH} characters`);
  }
  if (REPOSITORY.test(repository)) return;
  if (repository !== repository.toLowerCase()) throw invalid(text, 'a repository is written in lower case');
  throw invalid(text, 'a repository is lower-case letters and digits, separated by ".", "_", "__", "-" or "/"');
}

function invalid(text: string, reason: string): RcxError {
  return new RcxError(`invalid image name ${quote(text)}: ${reason}`, {
    code: 'ERR_RCX_INVALID_REFERENCE',
    step: 'parse reference',
    path: plain(text),
    hint: 'write it as [registry[:port]/]repository[:tag][@digest], for example ubuntu:24.04.',
  });
}
