import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';

/** Refuses the value of a flag. */
export function invalid(flag: string, text: string, hint: string, what = 'is not valid'): RcxError {
  const step = `read ${flag}`;
  return new RcxError(`${step}: ${quote(text)} ${what}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: plain(text),
    hint,
  });
}
