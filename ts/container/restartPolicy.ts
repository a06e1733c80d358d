import { RcxError } from '../errors.ts';
import type { RestartPolicy } from './record.ts';

const NAMES = ['no', 'on-failure', 'always', 'unless-stopped'] as const;

/**
 * A restart policy in Docker's form: `always`, `on-failure:3`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [name = '', count, ...more] = text.split(':');
  const known = NAMES.find((each) => each === (name === '' ? 'no' : name));
  if (known === undefined || more.length > 0)
    throw invalid(text, 'it is no, on-failure[:most], always or unless-stopped');
  if (count === undefined) return { name: known, maximumRetryCount: 0 };
  if (known !== 'on-failure' || !/^[0-9]{1,9}$/.test(count)) throw invalid(text, 'only on-failure takes a number');
  return { name: known, maximumRetryCount: Number(count) };
}

function invalid(text: string, hint: string): RcxError {
  const step = 'read the restart policy';
  return new RcxError(`${step}: ${JSON.stringify(text)} is none`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: text,
    hint,
  });
}
