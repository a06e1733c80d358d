import { resolve } from 'node:path';
import { RcxError } from '../errors.ts';

/**
 * The absolute path of a root filesystem.
 * @throws ERR_RCX_INVALID_OPTION when it is empty: an unset variable of a script must not make the working directory one
 */
export function rootfsPath(text: string): string {
  if (text !== '') return resolve(text);
  throw invalid('find the root filesystem', text, 'name the directory');
}

/** The kernel's limit (uname(2)). */
const LONGEST = 64;

/**
 * A hostname that every reader of `/etc/hosts` understands.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function checkHostname(name: string): string {
  if (name.length <= LONGEST && /^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$/.test(name)) return name;
  throw invalid('set the hostname', name, `use letters, digits, - and ., ${LONGEST} at most`);
}

function invalid(step: string, text: string, hint: string): RcxError {
  return new RcxError(`${step}: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: text,
    hint,
  });
}
