import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import type { Credentials } from './dockerConfig.ts';

/** Milliseconds; a helper may ask a cloud service, but not a person. */
const TIMEOUT = 30_000;
const MAX_OUTPUT = 1 << 20;

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
  const program = `docker-credential-${helper}`;
  const { execa } = await import('execa');
  const result = await execa(program, ['get'], {
    input: server,
    env,
    extendEnv: false,
    timeout,
    forceKillAfterDelay: 1000,
    maxBuffer: MAX_OUTPUT,
    reject: false,
  });
  if (!result.failed) return readAnswer(program, result.stdout);
  if (result.exitCode !== undefined && /credentials not found/i.test(result.stdout)) return undefined;
  throw failure(program, whatHappened(result));
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

function readAnswer(program: string, output: string): Credentials | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw failure(program, 'its answer is not JSON');
  }
  const { Username: username, Secret: secret } = (answer ?? {}) as { Username?: unknown; Secret?: unknown };
  if (typeof username !== 'string' || typeof secret !== 'string') throw failure(program, 'its answer has no login');
  if (username === '' && secret === '') return undefined;
  if (username === '<token>') return { kind: 'identityToken', token: secret };
  return { kind: 'password', username, password: secret };
}

function failure(program: string, problem: string): RcxError {
  return new RcxError(`cannot get the login from ${program}: ${problem}`, {
    code: 'ERR_RCX_CREDENTIAL_HELPER',
    step: 'read credentials',
    path: program,
    hint: `Install or repair ${program}, or remove it from credsStore and credHelpers in ~/.docker/config.json.`,
  });
}
