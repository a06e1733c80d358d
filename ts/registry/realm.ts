import { RcxError } from '../errors.ts';
import { quote } from '../oci/quote.ts';
import { withoutQuery } from './failure.ts';
import { isLoopback } from './loopback.ts';
import type { IsInsecure } from './transport.ts';

/**
 * Checks the address of the token service that a registry names. Only the user can allow a login to be sent in plain
 * text, by calling a registry insecure: one on loopback or with TLS cannot do it for a service elsewhere.
 * @param base the registry, as it was reached
 * @param text the challenge's `realm`
 * @throws ERR_RCX_UNSAFE_AUTHENTICATION
 */
export function checkRealm(base: URL, text: string | undefined, withCredentials: boolean, isInsecure: IsInsecure): URL {
  const realm = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (realm === undefined || !/^https?:$/.test(realm.protocol) || realm.username !== '' || realm.password !== '') {
    throw badRealm(base, `which is no usable URL: ${quote(text ?? '')}`);
  }
  const mayBePlain = isInsecure(realm) || (base.protocol === 'http:' && !isLoopback(base.hostname));
  if (withCredentials && realm.protocol === 'http:' && !mayBePlain) {
    throw badRealm(base, `at ${withoutQuery(realm)}, where the login would travel unencrypted; it was not sent`);
  }
  return realm;
}

function badRealm(base: URL, problem: string): RcxError {
  return new RcxError(`${base.origin} names a token service ${problem}`, {
    code: 'ERR_RCX_UNSAFE_AUTHENTICATION',
    step: 'fetch token',
    path: base.origin,
    hint: 'this is a fault of the registry or an attack; ask its operator before trying again.',
  });
}
