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
  kind: 'manifest' | 'blob' | 'token';
  /** As in the image's name, for `docker login`. */
  registry: string;
}

const MAX_ERROR_BODY = 16_384;

/**
 * The failure that an answer other than success stands for; reads what the registry says about it.
 * @returns a {@link Transient} where trying again may help
 */
export async function refusal(subject: Subject, response: HttpResponse): Promise<RcxError | Transient> {
  const said = await serverMessage(response);
  const { status, url } = response;
  const detail = `HTTP ${status}${said === '' ? '' : `: ${said}`}`;
  const fail = (code: string, problem: string, hint: string): RcxError =>
    new RcxError(`${subject.name}: ${problem} ${url.origin} (${detail})`, {
      code,
      step: `fetch ${subject.kind}`,
      path: withoutQuery(url),
      hint,
    });
  const login = `docker login ${subject.registry === 'docker.io' ? '' : subject.registry}`.trim();

  if (status === 401) {
    return fail(
      'ERR_RCX_UNAUTHORIZED',
      'login needed or refused by',
      `Check the name: private and missing repositories look the same. If it is right, log in with \`${login}\`.`,
    );
  }
  if (status === 403) {
    return fail(
      'ERR_RCX_FORBIDDEN',
      'access denied by',
      `The login in use may not read this; log in as somebody who may with \`${login}\`.`,
    );
  }
  if (status === 404 || status === 410) return missing(subject, fail);
  if (status === 429) {
    const hint = `Wait and try again, log in with \`${login}\` for a higher limit, or set a mirror in /etc/rcx/config.json.`;
    const wait = parseRetryAfter(response.headers['retry-after']);
    const problem = `too many requests${wait === undefined ? '' : ` (asked to wait ${Math.ceil(wait / 1000)} s)`}, says`;
    return new Transient(fail('ERR_RCX_RATE_LIMITED', problem, hint), wait);
  }
  if (status >= 500 || status === 408) {
    const error = fail(
      'ERR_RCX_REGISTRY_UNAVAILABLE',
      'the registry is out of order:',
      'Try again later, or set a mirror in /etc/rcx/config.json.',
    );
    return status === 501 ? error : new Transient(error, parseRetryAfter(response.headers['retry-after']));
  }
  return fail(
    'ERR_RCX_REGISTRY_ERROR',
    'unexpected answer from',
    'Check that this is the address of a container registry and not of a web page or proxy.',
  );
}

function missing({ kind, name }: Subject, fail: (code: string, problem: string, hint: string) => RcxError): RcxError {
  if (kind === 'manifest') {
    return fail(
      'ERR_RCX_IMAGE_NOT_FOUND',
      'no such image on',
      'Check the name and the tag for typing errors, and that the tag exists in the registry.',
    );
  }
  if (kind === 'blob') {
    return fail(
      'ERR_RCX_BLOB_NOT_FOUND',
      'a part of the image is missing on',
      'The image in the registry is incomplete: push it again, or use another tag or mirror.',
    );
  }
  return fail(
    'ERR_RCX_REGISTRY_ERROR',
    `no token service for ${plain(name)} at`,
    'The registry names a token service that does not exist; ask its operator.',
  );
}

/** The registry's own words (distribution-spec, "Error Codes"), one harmless line; empty for pages and silence. */
async function serverMessage(response: HttpResponse): Promise<string> {
  try {
    const text = (await readLimited(response, MAX_ERROR_BODY))?.toString('utf8') ?? '';
    const { errors, details, message } = JSON.parse(text) as { errors?: unknown; details?: unknown; message?: unknown };
    const first = (Array.isArray(errors) ? errors[0] : undefined) as { code?: unknown; message?: unknown } | undefined;
    const words = [first?.code, first?.message, details, message].filter((word) => typeof word === 'string');
    return plain(words.slice(0, 2).join(' '), 200);
  } catch {
    // An unreadable explanation leaves the status, which is the failure that counts.
    return '';
  }
}
