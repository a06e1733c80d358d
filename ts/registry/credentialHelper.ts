import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import type { Credentials } from './dockerConfig.ts';

/** Milliseconds; a helper may ask a cloud service, but not a person. */
const TIMEOUT = 30_000;
/** Milliseconds to store or erase: the keychain may have to be opened first, by a person. */
const PATIENT_TIMEOUT = 300_000;
const MAX_OUTPUT = 1 << 20;
/** The user name that marks a secret as an identity token. */
const TOKEN_USER = '<token>';

/**
 * Asks `docker-credential-<helper> get` for a login (https://github.com/docker/docker-credential-helpers).
 * @returns undefined where the helper has none
 * @throws ERR_RCX_CREDENTIAL_HELPER when it is missing, fails, hangs or answers nonsense; its output is never repeated
 */
export async function askHelper(
  helper: string,
  server: string,
  env: NodeJS.ProcessEnv,
  timeout: number = TIMEOUT,
): Promise<Credentials | undefined> {
  const call: HelperCall = { helper, action: 'get', input: server, goal: 'get the login from' };
  const output = await runHelper(call, env, timeout);
  return output === undefined ? undefined : readAnswer(call, output);
}

/** A login as a helper keeps it. */
export type StorableCredentials = { username: string } & ({ password: string } | { identityToken: string });

/**
 * Gives a login to `docker-credential-<helper> store`, on its stdin.
 * @throws ERR_RCX_CREDENTIAL_HELPER as {@link askHelper}
 */
export async function storeInHelper(
  helper: string,
  server: string,
  credentials: StorableCredentials,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const login =
    'identityToken' in credentials
      ? { Username: TOKEN_USER, Secret: credentials.identityToken }
      : { Username: credentials.username, Secret: credentials.password };
  const input = JSON.stringify({ ServerURL: server, ...login });
  await runHelper({ helper, action: 'store', input, goal: 'store the login with' }, env, PATIENT_TIMEOUT);
}

/**
 * Has `docker-credential-<helper> erase` forget a login; one that it does not have is no error.
 * @throws ERR_RCX_CREDENTIAL_HELPER as {@link askHelper}
 */
export async function eraseFromHelper(helper: string, server: string, env: NodeJS.ProcessEnv): Promise<void> {
  await runHelper({ helper, action: 'erase', input: server, goal: 'erase the login with' }, env, PATIENT_TIMEOUT);
}

interface HelperCall {
  helper: string;
  action: 'get' | 'store' | 'erase';
  input: string;
  /** In words, for the error. */
  goal: string;
}

/** @returns what the helper printed; undefined where it has no such login */
async function runHelper(call: HelperCall, env: NodeJS.ProcessEnv, timeout: number): Promise<string | undefined> {
  const { execa } = await import('execa');
  const result = await execa(programOf(call), [call.action], {
    input: call.input,
    env,
    extendEnv: false,
    timeout,
    forceKillAfterDelay: 1000,
    maxBuffer: MAX_OUTPUT,
    reject: false,
  });
  if (!result.failed) return result.stdout;
  if (result.exitCode !== undefined && /credentials not found/i.test(result.stdout)) return undefined;
  throw failure(call, whatHappened(result));
}

interface HelperFailure {
  timedOut: boolean;
  code?: string | undefined;
  exitCode?: number | undefined;
  signal?: string | undefined;
}

function whatHappened({ timedOut, code, exitCode, signal }: HelperFailure): string {
  if (timedOut) return 'it did not answer in time';
  if (code === 'ENOENT') return 'there is no such program';
  if (exitCode !== undefined) return `it ended with exit code ${exitCode}`;
  return plain(signal === undefined ? `it could not run (${code})` : `it was killed by ${signal}`);
}

function readAnswer(call: HelperCall, output: string): Credentials | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw failure(call, 'its answer is not JSON');
  }
  const { Username: username, Secret: secret } = (answer ?? {}) as { Username?: unknown; Secret?: unknown };
  if (typeof username !== 'string' || typeof secret !== 'string') throw failure(call, 'its answer has no login');
  if (username === '' && secret === '') return undefined;
  if (username === TOKEN_USER) return { kind: 'identityToken', token: secret };
  return { kind: 'password', username, password: secret };
}

function programOf({ helper }: HelperCall): string {
  return `docker-credential-${helper}`;
}

function failure(call: HelperCall, problem: string): RcxError {
  const program = programOf(call);
  return new RcxError(`cannot ${call.goal} ${program}: ${problem}`, {
    code: 'ERR_RCX_CREDENTIAL_HELPER',
    step: call.action === 'get' ? 'read credentials' : `${call.action} credentials`,
    path: program,
    hint: `install or repair ${program}, or remove it from credsStore and credHelpers in ~/.docker/config.json.`,
  });
}
