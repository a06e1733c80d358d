import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { JsonNode, mapOf, present, type Reader, string } from '../oci/json.ts';

/** Docker Hub's key in `~/.docker/config.json`, a URL for historical reasons. */
export const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** A login. */
export type Credentials =
  | { kind: 'password'; username: string; password: string }
  /** An OAuth2 refresh token. */
  | { kind: 'identityToken'; token: string }
  /** A ready-made Bearer token. */
  | { kind: 'registryToken'; token: string };

/** What rcx uses of `~/.docker/config.json`. */
export interface DockerConfig {
  file: string;
  auths: Record<string, Credentials | undefined>;
  /** Helper name by registry: `gcloud` stands for the program `docker-credential-gcloud`. */
  credHelpers: Record<string, string>;
  credsStore?: string;
}

/** `$DOCKER_CONFIG/config.json`, by default in `~/.docker`. */
export function dockerConfigFile(env: NodeJS.ProcessEnv): string {
  return join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
}

/**
 * Reads the file that {@link dockerConfigFile} names.
 * @throws ERR_RCX_INVALID_CONFIG, ERR_RCX_CONFIG_UNREADABLE
 */
export function readDockerConfig(env: NodeJS.ProcessEnv): DockerConfig {
  const file = dockerConfigFile(env);
  return parseDockerConfig(readDockerConfigText(file), file);
}

/** The text of a Docker configuration; one that does not exist or is empty has no members, as for Docker. */
export function readDockerConfigText(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.trim() === '' ? '{}' : text;
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code;
    if (errno === 'ENOENT') return '{}';
    throw new RcxError(`cannot read the Docker logins in ${file}: ${errno}`, {
      code: 'ERR_RCX_CONFIG_UNREADABLE',
      step: 'read credentials',
      path: file,
      errno,
      hint: 'make the file readable for you, or set DOCKER_CONFIG to another folder.',
      cause,
    });
  }
}

/**
 * Checks the text of a Docker configuration; no message repeats any of its content, which is secret.
 * @param file where it stands
 * @throws ERR_RCX_INVALID_CONFIG
 */
export function parseDockerConfig(
  text: string,
  file: string,
  hint = 'correct the file, or move it away and log in again with `rcx login`.',
): DockerConfig {
  const failure = (problem: string): RcxError =>
    new RcxError(`invalid Docker configuration in ${file}: ${problem}`, {
      code: 'ERR_RCX_INVALID_CONFIG',
      step: 'read credentials',
      path: file,
      hint,
    });
  const node = new JsonNode(parseJson(text, failure), failure);
  return {
    file,
    auths: node.optional('auths', mapOf(login)) ?? {},
    credHelpers: node.optional('credHelpers', mapOf(helperName)) ?? {},
    ...present({
      credsStore: node.optional('credsStore', (store) => (store.value === '' ? undefined : helperName(store))),
    }),
  };
}

function parseJson(text: string, failure: (problem: string) => RcxError): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failure('it is not JSON');
  }
}

/** The name becomes part of a program's name: a slash would run something else. */
const helperName: Reader<string> = (node) => {
  const name = string(node);
  if (!/^[\w.-]+$/.test(name)) throw node.error('is not the name of a credential helper');
  return name;
};

const login: Reader<Credentials | undefined> = (node) => {
  if (node.value === null) return undefined;
  const identity = node.optional('identitytoken', string);
  if (identity) return { kind: 'identityToken', token: identity };
  const registryToken = node.optional('registrytoken', string);
  if (registryToken) return { kind: 'registryToken', token: registryToken };
  const encoded = node.optional('auth', string);
  if (encoded) return decodeAuth(encoded, node);
  const username = node.optional('username', string);
  return username ? { kind: 'password', username, password: node.optional('password', string) ?? '' } : undefined;
};

/** Base64 of `user:password`; `docker login` once padded it with NULs. */
function decodeAuth(encoded: string, node: JsonNode): Credentials {
  const text = Buffer.from(encoded, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  if (colon < 1) throw node.error('has an "auth" that is not base64 of user:password');
  return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) };
}
