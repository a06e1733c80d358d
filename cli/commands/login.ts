import type { Command } from 'commander';
import { RcxError } from '../../ts/errors.ts';
import type { LoginAttempt } from '../../ts/registry/verifyLogin.ts';
import { Questions } from '../input/questions.ts';
import { readSecret } from '../input/stdin.ts';
import { explain, printable } from '../output/errors.ts';
import { print } from '../output/print.ts';
import { warn, warnOfVariable } from '../output/warnings.ts';

interface LoginFlags {
  username?: string;
  password?: string;
  passwordStdin?: true;
}

export function register(parent: Command): void {
  parent
    .command('login')
    .summary('log in to a registry')
    .description(
      'Log in to a registry, Docker Hub by default. The login is tried first, then stored where docker stores its own: with ' +
        'the credential helper that ~/.docker/config.json names, else in that file.',
    )
    .argument('[server]', 'host[:port] of the registry')
    .option('-u, --username <name>', 'user name')
    .option('-p, --password <password>', 'password or access token; - reads it from stdin')
    .option('--password-stdin', 'read the password from stdin')
    .addHelpText('after', '\nExample:\n  rcx login registry.example:5000 -u me --password-stdin < token')
    .action(action);
}

async function action(server: string | undefined, flags: LoginFlags): Promise<void> {
  const { registryOf } = await import('../../ts/registry/login.ts');
  const registry = registryOf(server);
  checkFlags(registry, flags);
  if (flags.password !== undefined && flags.password !== '-') {
    warn('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
  }
  warnOfVariable();
  if (flags.username === undefined && flags.password === undefined) {
    const known = await storedLogin(registry);
    if (known !== undefined && (await logInAgain(known))) return;
    await logIn(await complete({ registry, username: '', password: '' }, known?.username));
  } else {
    const fromStdin = flags.passwordStdin === true || flags.password === '-';
    const password = fromStdin ? await readSecret() : (flags.password ?? '');
    if (fromStdin && password.trim() === '') throw badFlags(registry, 'the password is empty', 'write it to stdin.');
    await logIn(await complete({ registry, username: (flags.username ?? '').trim(), password }));
  }
}

/** Docker's rules. */
function checkFlags(registry: string, { username, password, passwordStdin }: LoginFlags): void {
  if (passwordStdin && password !== undefined && password !== '-') {
    const problem = 'conflicting options: cannot specify both --password and --password-stdin';
    throw badFlags(registry, problem, 'leave out --password.');
  }
  if ((passwordStdin || password === '-') && username === undefined) {
    throw badFlags(registry, 'the --password-stdin option requires --username to be set', 'give -u, too.');
  }
  if (username === '') throw badFlags(registry, 'the user name is empty', 'give one with -u, or leave out -u.');
  if (password === '') throw badFlags(registry, 'the password is empty', 'use --password-stdin, or leave out -p.');
}

async function storedLogin(registry: string): Promise<LoginAttempt | undefined> {
  const { findLogin } = await import('../../ts/registry/credentials.ts');
  const { credentials, problem } = await findLogin(registry, process.env);
  if (problem !== undefined) warn(`WARNING: ${explain(problem)}`);
  return credentials?.kind === 'password' ? { registry, ...credentials } : undefined;
}

/** @returns whether the registry still takes the login */
async function logInAgain(known: LoginAttempt): Promise<boolean> {
  warn(`Authenticating with existing credentials... [Username: ${printable(known.username)}]`);
  warn("\n Info -> To login with a different account, run 'rcx logout' followed by 'rcx login'\n\n");
  try {
    await logIn(known);
    return true;
  } catch (error) {
    if (!(error instanceof RcxError)) throw error;
    if (error.code === 'ERR_RCX_UNAUTHORIZED') warn('Stored credentials invalid or expired');
    else warn(`Login did not succeed, error: ${explain(error)}`);
    return false;
  }
}

/** Asks for what is missing. */
async function complete(attempt: LoginAttempt, likely?: string): Promise<LoginAttempt> {
  const { registry } = attempt;
  if (attempt.username !== '' && attempt.password !== '') return attempt;
  const questions = Questions.open();
  if (questions === undefined) {
    const problem = 'cannot perform an interactive login from a non TTY device';
    throw badFlags(registry, problem, 'give the user name with -u and the password with --password-stdin.');
  }
  try {
    const question = likely === undefined ? 'Username: ' : `Username (${printable(likely)}): `;
    const username = attempt.username || (await questions.ask(question)) || (likely ?? '');
    if (username === '') throw badFlags(registry, 'the user name is empty', 'run it again, and type one.');
    return { registry, username, password: attempt.password || (await questions.askSecretly('Password: ')) };
  } finally {
    questions.close();
  }
}

async function logIn(attempt: LoginAttempt): Promise<void> {
  const { login } = await import('../../ts/registry/login.ts');
  const { helper, hasPassword, changed, file } = await login(attempt);
  if (helper === undefined && hasPassword && changed) {
    warn(`\nWARNING! Your credentials are stored unencrypted in '${printable(file)}'.`);
    warn('Configure a credential helper to remove this warning. See');
    warn('https://docs.docker.com/go/credential-store/\n');
  }
  print('Login Succeeded');
}

function badFlags(registry: string, problem: string, hint: string): RcxError {
  return new RcxError(`log in to ${registry}: ${problem}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'log in',
    path: registry,
    hint,
  });
}
