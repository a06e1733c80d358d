import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import { withoutQuery } from './failure.ts';

/** More than this many hops is a loop or a trap. */
export const MAX_REDIRECTS = 8;

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Where a redirect leads.
 * @param mayBePlain whether plain HTTP is acceptable for a URL although the request began with HTTPS
 * @throws ERR_RCX_BAD_REDIRECT when it leads nowhere, out of HTTP, or from HTTPS to plain HTTP
 */
export function redirectTarget(
  from: URL,
  location: string | string[] | undefined,
  mayBePlain: (url: URL) => boolean,
): URL {
  const text = Array.isArray(location) ? location[0] : location;
  if (text === undefined || !URL.canParse(text, from.href))
    throw bad(from, `to ${quote(text ?? '')}, which is not a URL`);
  const target = new URL(text, from);
  if (!/^https?:$/.test(target.protocol)) throw bad(from, `to a ${plain(target.protocol)} URL`);
  if (from.protocol === 'https:' && target.protocol === 'http:' && !mayBePlain(target)) {
    throw bad(from, `from https to plain http at ${target.host}`);
  }
  // What stands before an @ would become an Authorization header of the redirecting server's choice.
  target.username = '';
  target.password = '';
  target.hash = '';
  return target;
}

export function tooManyRedirects(from: URL): RcxError {
  return bad(from, `more than ${MAX_REDIRECTS} times`);
}

function bad(from: URL, problem: string): RcxError {
  return new RcxError(`${from.host} redirects ${problem}`, {
    code: 'ERR_RCX_BAD_REDIRECT',
    step: 'registry request',
    path: withoutQuery(from),
    hint: 'this is a fault of the registry or of a proxy on the way to it; rcx did not follow it.',
  });
}
