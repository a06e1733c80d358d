import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import { readLimited } from './body.ts';
import { Transient, withoutQuery } from './failure.ts';
import { parseRetryAfter } from './retry.ts';
import type { HttpResponse } from './transport.ts';

/** What was asked for, in the words of the error. */
export interface Subject {
  /** `docker.io/library/ubuntu:latest`, `blob sha256:… of docker.io/library/ubuntu`. */
  name: string;
  kind: 'manifest' | 'blob' | 'token' | 'tags' | 'search' | 'login' | 'push';
  /** As in the image's name, for `rcx login`. */
  registry: string;
  /** What is left out of the server's own words, should it repeat it. */
  secrets?: readonly string[];
}

const MAX_ERROR_BODY = 16_384;

/**
 * The failure that an answer other than success stands for; reads what the registry says about it.
 * @returns a {@link Transient} where trying again may help
 */
export async function refusal(subject: Subject, response: HttpResponse): Promise<RcxError | Transient> {
  const said = await serverMessage(response, subject.secrets ?? []);
  const { status, url } = response;
  const detail = `HTTP ${status}${said === '' ? '' : `: ${said}`}`;
  const fail: Fail = (code, problem, hint) =>
    new RcxError(`${subject.name}: ${problem} ${url.origin} (${detail})`, {
      code,
      step: STEPS[subject.kind] ?? `fetch ${subject.kind}`,
      path: withoutQuery(url),
      hint,
    });
  const login = `rcx login ${subject.registry === 'docker.io' ? '' : subject.registry}`.trim();

  if (status === 401 || status === 403) return denied(subject, status, login, fail);
  if (status === 404 || status === 410 || (status === 405 && subject.kind === 'search')) {
    return fail(...MISSING[subject.kind]);
  }
  if (status === 429) {
    const hint = `wait and try again, log in with \`${login}\` for a higher limit, or set a mirror in /etc/rcx/config.json.`;
    const wait = parseRetryAfter(response.headers['retry-after']);
    const problem = `too many requests${wait === undefined ? '' : ` (asked to wait ${Math.ceil(wait / 1000)} s)`}, says`;
    return new Transient(fail('ERR_RCX_RATE_LIMITED', problem, hint), wait);
  }
  if (status >= 500 || status === 408) {
    const error = fail(
      'ERR_RCX_REGISTRY_UNAVAILABLE',
      'the registry is out of order:',
      'try again later, or set a mirror in /etc/rcx/config.json.',
    );
    return status === 501 ? error : new Transient(error, parseRetryAfter(response.headers['retry-after']));
  }
  if (subject.kind === 'push') {
    return fail(
      'ERR_RCX_REGISTRY_ERROR',
      'not accepted by',
      'if it misses a part of the image, push again; else this is a fault or a rule of the registry: ask its operator.',
    );
  }
  return fail(
    'ERR_RCX_REGISTRY_ERROR',
    'unexpected answer from',
    'check that this is the address of a container registry and not of a web page or proxy.',
  );
}

const STEPS: Partial<Record<Subject['kind'], string>> = { login: 'log in', push: 'push' };

type Fail = (code: string, problem: string, hint: string) => RcxError;

function denied({ kind }: Subject, status: 401 | 403, login: string, fail: Fail): RcxError {
  const code = status === 401 ? 'ERR_RCX_UNAUTHORIZED' : 'ERR_RCX_FORBIDDEN';
  if (kind === 'login') {
    return fail(
      code,
      'the user name or the password was refused by',
      'check both; some registries take an access token in place of the password.',
    );
  }
  if (kind === 'search') {
    return fail(
      code,
      'the list of the repositories is refused by',
      `log in with \`${login}\`, or ask for the image by its whole name.`,
    );
  }
  if (kind === 'push') {
    return fail(
      code,
      'pushing is refused by',
      `log in as somebody who may write to this repository with \`${login}\`, and check the name.`,
    );
  }
  if (status === 401) {
    return fail(
      code,
      'login needed or refused by',
      `check the name: private and missing repositories look the same. If it is right, log in with \`${login}\`.`,
    );
  }
  return fail(
    code,
    'access denied by',
    `the login in use may not read this; log in as somebody who may with \`${login}\`.`,
  );
}

/** Code, problem and hint of a 404. */
const MISSING: Readonly<Record<Subject['kind'], readonly [code: string, problem: string, hint: string]>> = {
  manifest: [
    'ERR_RCX_IMAGE_NOT_FOUND',
    'no such image on',
    'check the name and the tag for typing errors, and that the tag exists in the registry.',
  ],
  blob: [
    'ERR_RCX_BLOB_NOT_FOUND',
    'a part of the image is missing on',
    'the image in the registry is incomplete: push it again, or use another tag or mirror.',
  ],
  token: [
    'ERR_RCX_REGISTRY_ERROR',
    'no token service at',
    'the registry names a token service that does not exist; ask its operator.',
  ],
  tags: ['ERR_RCX_IMAGE_NOT_FOUND', 'no such repository on', 'check the name for typing errors.'],
  search: [
    'ERR_RCX_UNSUPPORTED',
    'there is no list of the repositories on',
    'not every registry offers one; ask for the image by its whole name.',
  ],
  push: [
    'ERR_RCX_REGISTRY_ERROR',
    'no such repository on',
    'some registries want a repository to be made before the first push to it; a mirror cannot be pushed to.',
  ],
  login: [
    'ERR_RCX_REGISTRY_ERROR',
    'no registry at',
    'check the name of the server; a registry answers under /v2/ of its host.',
  ],
};

/** The registry's own words (distribution-spec, "Error Codes"), one harmless line; empty for pages and silence. */
async function serverMessage(response: HttpResponse, secrets: readonly string[]): Promise<string> {
  try {
    const text = (await readLimited(response, MAX_ERROR_BODY))?.toString('utf8') ?? '';
    const { errors, details, message } = JSON.parse(text) as { errors?: unknown; details?: unknown; message?: unknown };
    const first = (Array.isArray(errors) ? errors[0] : undefined) as { code?: unknown; message?: unknown } | undefined;
    const words = [first?.code, first?.message, details, message].filter((word) => typeof word === 'string');
    const said = words.slice(0, 2).join(' ');
    return plain(
      secrets.reduce((text, secret) => text.replaceAll(secret, '…'), said),
      200,
    );
  } catch {
    // An unreadable explanation leaves the status, which is the failure that counts.
    return '';
  }
}
