import { RcxError } from '../errors.ts';
import { quote } from '../oci/quote.ts';
import { canonicalRegistry, DEFAULT_REGISTRY, isRegistryName } from '../oci/reference.ts';
import { readDockerConfig } from './dockerConfig.ts';
import { type StoredLogin, storeLogin } from './loginStore.ts';
import { type LoginAttempt, type LoginOptions, verifyLogin } from './verifyLogin.ts';

/** What came of a login. */
export interface LoginResult extends StoredLogin {
  /** The password itself was stored, not a token in its place. */
  hasPassword: boolean;
}

/**
 * Logs in to a registry and stores the login for all that read `~/.docker/config.json`. One that the registry refuses is
 * not stored.
 * @throws what {@link verifyLogin} and {@link storeLogin} throw; ERR_RCX_INVALID_OPTION for what cannot be a login
 */
export async function login(attempt: LoginAttempt, options: LoginOptions = {}): Promise<LoginResult> {
  const { env = process.env } = options;
  checkAttempt(attempt);
  // A file that cannot be read could not be written either: it is not worth sending a password.
  readDockerConfig(env);
  const credentials = await verifyLogin(attempt, options);
  const stored = await storeLogin(attempt.registry, credentials, env);
  return { ...stored, hasPassword: 'password' in credentials };
}

/**
 * The registry that an argument of `login` means, in the form that it has in an image's name: Docker takes a URL, too, of
 * which the host counts.
 * @param server nothing stands for Docker Hub
 * @throws ERR_RCX_INVALID_REFERENCE
 */
export function registryOf(server: string | undefined): string {
  if (server === undefined || server === '') return DEFAULT_REGISTRY;
  const host = server.replace(/^https?:\/\//i, '').replace(/\/.*$/s, '');
  if (isRegistryName(host)) return canonicalRegistry(host);
  throw new RcxError(`invalid registry ${quote(server)}: it is not a host name or address`, {
    code: 'ERR_RCX_INVALID_REFERENCE',
    step: 'log in',
    path: host,
    hint: 'write it as host[:port], for example registry.example:5000; leave it out for Docker Hub.',
  });
}

function checkAttempt({ registry, username, password }: LoginAttempt): void {
  if (username === '') throw badLogin(registry, 'the user name is empty', 'give one with -u.');
  if (password === '') throw badLogin(registry, 'the password is empty', 'give it with --password-stdin, or type it.');
  if (username.includes(':')) {
    throw badLogin(registry, 'the user name has a colon', 'no registry can tell it from the password (RFC 7617).');
  }
}

function badLogin(registry: string, problem: string, hint: string): RcxError {
  return new RcxError(`log in to ${registry}: ${problem}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'log in',
    path: registry,
    hint,
  });
}
