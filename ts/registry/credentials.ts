import { isRcxError, type RcxError } from '../errors.ts';
import { canonicalRegistry, DEFAULT_REGISTRY } from '../oci/reference.ts';
import { askHelper } from './credentialHelper.ts';
import { type Credentials, type DockerConfig, readDockerConfig } from './dockerConfig.ts';

/** Docker Hub's key in `~/.docker/config.json`, a URL for historical reasons. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** The login for a registry, if any, and what stood in the way of finding one. */
export interface Login {
  credentials?: Credentials;
  /**
   * A helper that failed. Docker goes on without a login then, as a public image needs none; if the registry refuses,
   * this is the reason to tell.
   */
  problem?: RcxError;
}

/**
 * Looks up the login for a registry as Docker does: `credHelpers`, then `credsStore`, then `auths`.
 * @throws ERR_RCX_INVALID_CONFIG, ERR_RCX_CONFIG_UNREADABLE
 */
export async function findLogin(registry: string, env: NodeJS.ProcessEnv): Promise<Login> {
  const config = await readDockerConfig(env);
  const key = registry === DEFAULT_REGISTRY ? DOCKER_HUB_KEY : registry;
  const helper = lookUp(config.credHelpers, key) ?? config.credsStore;
  if (helper === undefined) return fromFile(config, key);
  try {
    const credentials = await askHelper(helper, key, env);
    return credentials === undefined ? fromFile(config, key) : { credentials };
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_CREDENTIAL_HELPER')) throw error;
    return { ...fromFile(config, key), problem: error };
  }
}

function fromFile({ auths }: DockerConfig, key: string): Login {
  const credentials = lookUp(auths, key);
  return credentials === undefined ? {} : { credentials };
}

/** The entry written exactly as `key`, else one whose host is the same: logins may be stored as URLs. */
function lookUp<T>(entries: Record<string, T | undefined>, key: string): T | undefined {
  if (Object.hasOwn(entries, key) && entries[key] !== undefined) return entries[key];
  const wanted = hostOf(key);
  return Object.entries(entries).find(([name, value]) => value !== undefined && hostOf(name) === wanted)?.[1];
}

function hostOf(key: string): string {
  return canonicalRegistry(key.replace(/^https?:\/\//, '').replace(/\/.*$/, ''));
}
