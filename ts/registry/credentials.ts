import { isRcxError, type RcxError } from '../errors.ts';
import { canonicalRegistry, DEFAULT_REGISTRY } from '../oci/reference.ts';
import { askHelper } from './credentialHelper.ts';
import {
  type Credentials,
  DOCKER_HUB_KEY,
  type DockerConfig,
  parseDockerConfig,
  readDockerConfig,
} from './dockerConfig.ts';

/** A variable that holds logins in the form of a configuration's `auths`, and goes before all others. */
export const AUTH_VARIABLE = 'DOCKER_AUTH_CONFIG';

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
 * Looks up the login for a registry as Docker does: `$DOCKER_AUTH_CONFIG`, then `credHelpers`, `credsStore` and `auths`.
 * @throws ERR_RCX_INVALID_CONFIG, ERR_RCX_CONFIG_UNREADABLE
 */
export async function findLogin(registry: string, env: NodeJS.ProcessEnv): Promise<Login> {
  const key = loginKey(registry);
  const variable = parseDockerConfig(
    env[AUTH_VARIABLE] || '{}',
    AUTH_VARIABLE,
    `correct ${AUTH_VARIABLE} or unset it.`,
  );
  const given = lookUp(variable.auths, key);
  if (given !== undefined) return { credentials: given };
  const config = readDockerConfig(env);
  const helper = helperFor(config, key);
  if (helper === undefined) return fromFile(config, key);
  try {
    const credentials = await askHelper(helper, key, env);
    return credentials === undefined ? fromFile(config, key) : { credentials };
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_CREDENTIAL_HELPER')) throw error;
    return { ...fromFile(config, key), problem: error };
  }
}

/** What a registry's login is stored under. */
export function loginKey(registry: string): string {
  return registry === DEFAULT_REGISTRY ? DOCKER_HUB_KEY : registry;
}

/** The helper that has the login with this key, if it is not in the file itself. */
export function helperFor({ credHelpers, credsStore }: DockerConfig, key: string): string | undefined {
  return lookUp(credHelpers, key) ?? credsStore;
}

/** Whether two keys of a configuration mean the same registry. */
export function isSameRegistry(one: string, other: string): boolean {
  return hostOf(one) === hostOf(other);
}

function fromFile({ auths }: DockerConfig, key: string): Login {
  const credentials = lookUp(auths, key);
  return credentials === undefined ? {} : { credentials };
}

/** The entry written exactly as `key`, else one whose host is the same: logins may be stored as URLs. */
function lookUp<T>(entries: Record<string, T | undefined>, key: string): T | undefined {
  if (Object.hasOwn(entries, key) && entries[key] !== undefined) return entries[key];
  return Object.entries(entries).find(([name, value]) => value !== undefined && isSameRegistry(name, key))?.[1];
}

function hostOf(key: string): string {
  return canonicalRegistry(key.replace(/^https?:\/\//, '').replace(/\/.*$/, ''));
}
