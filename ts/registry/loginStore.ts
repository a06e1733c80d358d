import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { isRcxError, type RcxError } from '../errors.ts';
import { joinMembers, type RawMember, splitMembers } from '../oci/jsonText.ts';
import { eraseFromHelper, type StorableCredentials, storeInHelper } from './credentialHelper.ts';
import { helperFor, isSameRegistry, loginKey } from './credentials.ts';
import { DOCKER_HUB_KEY, type DockerConfig, readDockerConfig } from './dockerConfig.ts';
import { updateDockerConfig } from './dockerConfigUpdate.ts';

/** Where a login went. */
export interface StoredLogin {
  /** The helper that has it; without one it is in the file, readable for whoever may read that. */
  helper?: string;
  file: string;
  /** The file is another one than before. */
  changed: boolean;
}

/** What an entry of `auths` may hold that belongs to a login; the rest of an entry is not ours to remove. */
const LOGIN_FIELDS = ['auth', 'identitytoken', 'registrytoken', 'username', 'password', 'serveraddress'];

/**
 * Stores a login where Docker does: with the helper of the registry or the general one, else in the file. With a helper
 * the file has an empty entry, by which Docker knows that there is a login.
 * @throws ERR_RCX_CREDENTIAL_HELPER, ERR_RCX_INVALID_CONFIG, ERR_RCX_CONFIG_UNREADABLE, ERR_RCX_CONFIG_UNWRITABLE
 */
export async function storeLogin(
  registry: string,
  credentials: StorableCredentials,
  env: NodeJS.ProcessEnv,
): Promise<StoredLogin> {
  const config = readDockerConfig(env);
  const key = loginKey(registry);
  const found = isUntouched(config) ? await defaultHelper(env) : undefined;
  const helper = helperFor(config, key) ?? found;
  if (helper !== undefined) await storeInHelper(helper, key, credentials, env);
  const fields = helper === undefined ? encode(credentials) : [];
  const changed = await updateDockerConfig(env, ({ auths, rest }) => ({
    auths: withEntry(auths, key, fields),
    rest: found === undefined ? rest : withMember(rest, ['credsStore', JSON.stringify(found)]),
  }));
  return { file: config.file, changed, ...(helper !== undefined && { helper }) };
}

/**
 * Removes all logins for a registry, under whatever key that Docker once stored them.
 * @throws ERR_RCX_CREDENTIAL_HELPER when the helper could erase none; what the file has is removed all the same.
 *   ERR_RCX_INVALID_CONFIG, ERR_RCX_CONFIG_UNREADABLE, ERR_RCX_CONFIG_UNWRITABLE
 */
export async function eraseLogin(registry: string, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readDockerConfig(env);
  const key = loginKey(registry);
  const inFile = Object.keys(config.auths).filter((name) => isSameRegistry(name, key));
  const spellings = key === DOCKER_HUB_KEY ? [key] : [key, `http://${key}`, `https://${key}`];
  const problem = await eraseWithHelper(helperFor(config, key), [...new Set([...spellings, ...inFile])], env);
  if (inFile.length > 0) {
    await updateDockerConfig(env, ({ auths, rest }) => ({
      auths: auths.filter(([name]) => !isSameRegistry(name, key)),
      rest,
    }));
  }
  if (problem !== undefined) throw problem;
}

/** Some helpers call it a failure that there was nothing to erase: one success among the spellings is enough. */
async function eraseWithHelper(
  helper: string | undefined,
  keys: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<RcxError | undefined> {
  if (helper === undefined) return undefined;
  const problems: RcxError[] = [];
  for (const key of keys) {
    try {
      await eraseFromHelper(helper, key, env);
    } catch (error) {
      if (!isRcxError(error, 'ERR_RCX_CREDENTIAL_HELPER')) throw error;
      problems.push(error);
    }
  }
  return problems.length === keys.length ? problems[0] : undefined;
}

function encode(credentials: StorableCredentials): RawMember[] {
  const { username } = credentials;
  const [password, token] = 'password' in credentials ? [credentials.password] : ['', credentials.identityToken];
  const auth: RawMember = ['auth', JSON.stringify(Buffer.from(`${username}:${password}`).toString('base64'))];
  return token === undefined ? [auth] : [auth, ['identitytoken', JSON.stringify(token)]];
}

function withEntry(auths: readonly RawMember[], key: string, fields: readonly RawMember[]): RawMember[] {
  const old = auths.findLast(([name]) => name === key)?.[1] ?? '{}';
  const kept = (old === 'null' ? [] : splitMembers(old)).filter(([name]) => !LOGIN_FIELDS.includes(name));
  return withMember(auths, [key, joinMembers([...fields, ...kept])]);
}

/** The member in its old place, or else in alphabetical order, which is Docker's. */
function withMember(members: readonly RawMember[], [name, value]: RawMember): RawMember[] {
  const old = members.findIndex(([other]) => other === name);
  const place = old < 0 ? members.findIndex(([other]) => other > name) : old;
  const at = place < 0 ? members.length : place;
  const others = (part: readonly RawMember[]): RawMember[] => part.filter(([other]) => other !== name);
  return [...others(members.slice(0, at)), [name, value], ...others(members.slice(at))];
}

/** Docker looks for a keychain only as long as nothing else was decided. */
function isUntouched({ auths, credHelpers, credsStore }: DockerConfig): boolean {
  return credsStore === undefined && Object.keys(credHelpers).length === 0 && Object.keys(auths).length === 0;
}

/** Docker's choice for Linux: `pass` where it is installed, else the desktop's keychain; none if its helper is missing. */
async function defaultHelper(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const helper = (await isInPath('pass', env)) ? 'pass' : 'secretservice';
  return (await isInPath(`docker-credential-${helper}`, env)) ? helper : undefined;
}

async function isInPath(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.allSettled(folders.map((folder) => access(join(folder, program), constants.X_OK)));
  return found.some(({ status }) => status === 'fulfilled');
}
