import { RcxError } from '../errors.ts';
import type { Subject } from './answer.ts';
import { discard } from './body.ts';
import type { Credentials } from './dockerConfig.ts';
import { withoutQuery } from './failure.ts';
import { basicHeaders, CLIENT_ID, readToken, type Token, type TokenRequest, tokenUrl } from './token.ts';
import type { HttpResponse, Transport } from './transport.ts';

/** A {@link TokenRequest} for somebody who has just typed a password. */
export interface LoginTokenRequest extends TokenRequest {
  credentials: Extract<Credentials, { kind: 'password' }>;
}

/**
 * Proves a password to a token service, and asks for a refresh token that can be stored in its place
 * (https://distribution.github.io/distribution/spec/auth/token/).
 * @param subject the login, in the words of the error
 * @throws ERR_RCX_UNAUTHORIZED, ERR_RCX_REGISTRY_ERROR, ERR_RCX_BAD_REDIRECT, or the network's own error;
 *   {@link Transient} where trying again may help
 */
export async function fetchLoginToken(
  transport: Transport,
  request: LoginTokenRequest,
  subject: Subject,
  signal: AbortSignal,
): Promise<Token> {
  const started = Date.now();
  const url = tokenUrl(request);
  url.searchParams.set('offline_token', 'true');
  url.searchParams.set('client_id', CLIENT_ID);
  const response = await transport.request(url, { headers: basicHeaders(request.credentials), signal });
  await requireOrigin(subject, response);
  return readToken(subject, response, started);
}

/**
 * Refuses the word of a server that was not shown the password: a redirect to another origin drops it.
 * @throws ERR_RCX_BAD_REDIRECT
 */
export async function requireOrigin(subject: Subject, { fromOrigin, url, body }: HttpResponse): Promise<void> {
  if (fromOrigin) return;
  await discard(body);
  throw new RcxError(`${subject.name}: the registry redirects to ${url.origin}, which the password is not sent to`, {
    code: 'ERR_RCX_BAD_REDIRECT',
    step: 'log in',
    path: withoutQuery(url),
    hint: 'if that is the registry you mean, log in to it by its own name.',
  });
}
