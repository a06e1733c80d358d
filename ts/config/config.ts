import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { parseConfigFile } from './parse.ts';

/** How one registry is reached. */
export interface RegistryConfig {
  /**
   * Base URLs tried in this order before the registry itself, e.g. `http://127.0.0.1:5000`. A path is put in front of the
   * repository: with `https://cache.example/hub`, `library/ubuntu` is asked for as `hub/library/ubuntu`.
   */
  mirrors?: string[];
  /** Accept any TLS certificate, and plain HTTP where HTTPS does not answer; what Docker calls an insecure registry. */
  insecure?: boolean;
}

/** The settings of rcx, as in `/etc/rcx/config.json`. */
export interface RcxConfig {
  /** By host and optional port; Docker Hub is `docker.io`. */
  registries: Record<string, RegistryConfig>;
  /** Host ids of users and groups for `--userns auto`, where no user `containers` or `rcx` has subordinate ones. */
  userns?: IdRange;
  /** What a container of root is in that is given no network. */
  defaultNetwork?: 'bridge' | 'none';
}

/** Consecutive ids. */
export interface IdRange {
  first: number;
  count: number;
}

/**
 * Reads `/etc/rcx/config.json`, then `$XDG_CONFIG_HOME/rcx/config.json` (`~/.config` by default), whose settings win key
 * by key. `$RCX_CONFIG` names one file to be read instead of both. Files that do not exist count as empty, except that one.
 * @throws ERR_RCX_INVALID_CONFIG naming the file and the key, ERR_RCX_CONFIG_UNREADABLE
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): RcxConfig {
  if (env.RCX_CONFIG) return readConfig(env.RCX_CONFIG, 'required');
  const userFolder = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  const files = ['/etc/rcx/config.json', join(userFolder, 'rcx', 'config.json')];
  return files.map((file) => readConfig(file, 'optional')).reduce(merge);
}

/** The settings of one registry; empty where there are none. */
export function registryConfig(config: RcxConfig, registry: string): RegistryConfig {
  return (Object.hasOwn(config.registries, registry) ? config.registries[registry] : undefined) ?? {};
}

/** The same settings, with one registry made insecure. */
export function withInsecure(config: RcxConfig, registry: string): RcxConfig {
  const settings = { ...registryConfig(config, registry), insecure: true };
  return { ...config, registries: { ...config.registries, [registry]: settings } };
}

function merge(base: RcxConfig, over: RcxConfig): RcxConfig {
  const hosts = [...new Set([...Object.keys(base.registries), ...Object.keys(over.registries)])];
  const merged = hosts.map((host) => [host, { ...registryConfig(base, host), ...registryConfig(over, host) }]);
  const userns = over.userns ?? base.userns;
  const defaultNetwork = over.defaultNetwork ?? base.defaultNetwork;
  return {
    registries: Object.fromEntries(merged) as RcxConfig['registries'],
    ...(userns !== undefined && { userns }),
    ...(defaultNetwork !== undefined && { defaultNetwork }),
  };
}

function readConfig(file: string, presence: 'required' | 'optional'): RcxConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code;
    if (presence === 'optional' && errno === 'ENOENT') return { registries: {} };
    throw new RcxError(`cannot read the configuration file ${file}: ${errno}`, {
      code: 'ERR_RCX_CONFIG_UNREADABLE',
      step: 'read configuration',
      path: file,
      errno,
      hint: 'make the file readable, or point RCX_CONFIG at another one.',
      cause,
    });
  }
  return parseConfigFile(text, file);
}
