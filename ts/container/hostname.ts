import { hostname as hostsOwn } from 'node:os';
import { checkHostname } from './checkOptions.ts';
import type { ContainerOptions } from './options.ts';
import type { StoredContainer } from './store.ts';

/**
 * The hostname of a container: given, the host's where it is in the host's network or UTS namespace, or the start of its id. It is
 * checked only where it was given: what the host is called is not ours to judge. Empty is not given, as in Docker.
 * @param network the container whose network it is in: as with Docker, both have the same name there
 * @throws ERR_RCX_INVALID_OPTION
 */
export function hostnameOf(
  id: string,
  { hostname, network, uts }: ContainerOptions,
  other?: Pick<StoredContainer, 'config'>,
): string {
  if (hostname) return checkHostname(hostname);
  if (network === 'host' || uts === 'host') return hostsOwn();
  return other?.config.request.spec.hostname ?? other?.config.hostname ?? id.slice(0, 12);
}
