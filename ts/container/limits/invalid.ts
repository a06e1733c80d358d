import { RcxError } from '../../errors.ts';

/** An error of limits that cannot be, or do not go together. */
export function invalidLimit(problem: string, hint: string): RcxError {
  const step = 'limit the container';
  return new RcxError(`${step}: ${problem}`, { code: 'ERR_RCX_INVALID_OPTION', step, hint });
}
