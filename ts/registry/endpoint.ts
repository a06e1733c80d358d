import { type RcxConfig, registryConfig } from '../config/config.ts';
import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import { canonicalRegistry, DEFAULT_REGISTRY } from '../oci/reference.ts';
import { isLoopback } from './loopback.ts';
import type { Repository } from './options.ts';

/** Where Docker Hub really answers. */
const DOCKER_HUB_HOST = 'registry-1.docker.io';
/** Where Docker Hub is searched: it has no catalog. */
const DOCKER_HUB_SEARCH_HOST = 'index.docker.io';

export type Scheme = 'https' | 'http';

/** One server that may hold a repository: a mirror or the registry itself. */
export interface Endpoint {
  /** Whose credentials apply: the registry's name, or the mirror's host and port. */
  registry: string;
  /** Host and optional port to connect to. */
  host: string;
  /** Several where it must be found out which one answers; the first is the one to begin with. */
  schemes: readonly [Scheme, ...Scheme[]];
  /** As this server calls it. */
  repository: string;
  isMirror: boolean;
  /** What a token has to allow; without it, what the server's challenge asks for. */
  scopes?: readonly string[];
}

/**
 * The servers to ask for an image, in order: the mirrors of its registry, then the registry.
 * @throws ERR_RCX_INVALID_REFERENCE for a registry name that cannot be a host
 */
export function endpointsFor({ registry, repository }: Repository, config: RcxConfig): Endpoint[] {
  const mirrors = (registryConfig(config, registry).mirrors ?? []).map((mirror) => mirrorEndpoint(mirror, repository));
  return [...mirrors, upstreamEndpoint(registry, repository, config)];
}

/**
 * A registry as such, without its mirrors and without a repository.
 * @throws ERR_RCX_INVALID_REFERENCE for a name that cannot be a host
 */
export function registryEndpoint(registry: string, config: RcxConfig): Endpoint {
  return upstreamEndpoint(registry, '', config);
}

/** The same, for the search of the registry API's first version. */
export function searchEndpoint(registry: string, config: RcxConfig): Endpoint {
  const endpoint = registryEndpoint(registry, config);
  return registry === DEFAULT_REGISTRY ? { ...endpoint, host: DOCKER_HUB_SEARCH_HOST } : endpoint;
}

/**
 * The server to push a repository to.
 * @throws ERR_RCX_INVALID_REFERENCE for a registry name that cannot be a host
 */
export function pushEndpoint({ registry, repository }: Repository, config: RcxConfig): Endpoint {
  return upstreamEndpoint(registry, repository, config);
}

/** Whether any certificate, or none, will do for the host of `url`: Docker's rule, loopback or configured. */
export function isInsecure(url: URL, config: RcxConfig): boolean {
  if (isLoopback(url.hostname)) return true;
  const withPort = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
  const isHub = url.hostname === DOCKER_HUB_HOST || url.hostname === DOCKER_HUB_SEARCH_HOST;
  const names = isHub ? [DEFAULT_REGISTRY] : [url.host, withPort];
  return names.some((name) => registryConfig(config, name).insecure === true);
}

/** For messages: `https://registry-1.docker.io`, or the host where the scheme is not known yet. */
export function endpointName({ schemes, host }: Endpoint): string {
  return schemes.length === 1 ? `${schemes[0]}://${host}` : host;
}

function mirrorEndpoint(mirror: string, repository: string): Endpoint {
  const url = new URL(mirror);
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  return {
    registry: canonicalRegistry(url.host),
    host: url.host,
    schemes: [url.protocol === 'https:' ? 'https' : 'http'],
    repository: prefix === '' ? repository : `${prefix}/${repository}`,
    isMirror: true,
  };
}

function upstreamEndpoint(registry: string, repository: string, config: RcxConfig): Endpoint {
  const host = registry === DEFAULT_REGISTRY ? DOCKER_HUB_HOST : registry;
  if (!URL.canParse(`https://${host}`)) {
    throw new RcxError(`${quote(registry)} is not a host name or address`, {
      code: 'ERR_RCX_INVALID_REFERENCE',
      step: 'choose registry',
      path: plain(registry),
      hint: 'correct the part of the image name before the first slash.',
    });
  }
  return { registry, host, schemes: schemesFor(new URL(`https://${host}`), config), repository, isMirror: false };
}

/** Nobody can listen in on this machine's own loopback, where registries are for trying things out and mostly plain. */
function schemesFor(url: URL, config: RcxConfig): Endpoint['schemes'] {
  if (isLoopback(url.hostname)) return ['http', 'https'];
  return isInsecure(url, config) ? ['https', 'http'] : ['https'];
}
