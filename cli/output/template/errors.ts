import { RcxError } from '../../../ts/errors.ts';

/** Why something cannot be done, said where it is not known at which place of the template. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly hint: string | undefined;

  constructor(why: string, hint?: string) {
    super(why);
    this.hint = hint;
  }
}

/**
 * The error that the user sees.
 * @param at offset in the template, shown as line and column from 1 on
 */
export function templateError(text: string, at: number, why: string, hint?: string): RcxError {
  const before = text.slice(0, at).split('\n');
  const place = `${before.length}:${[...(before.at(-1) ?? '')].length + 1}`;
  const details = { code: 'ERR_RCX_TEMPLATE', step: 'read --format', path: text, hint };
  return new RcxError(`read --format: ${place}: ${why}`, details);
}

/** Does something for the place `at` of a template, to which its faults then belong. */
export function located<T>(text: string, at: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof Fault) throw templateError(text, at, error.message, error.hint);
    throw error;
  }
}
