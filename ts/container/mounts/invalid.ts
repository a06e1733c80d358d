import { isAbsolute, resolve } from 'node:path';
import { RcxError } from '../../errors.ts';

/** The error for a flag that cannot be read. */
export function invalidMount(flag: string, text: string, hint: string): RcxError {
  return new RcxError(`read ${flag}: ${JSON.stringify(text)} is not valid`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: `read ${flag}`,
    path: text,
    hint,
  });
}

/** The target in its shortest form. @throws ERR_RCX_INVALID_MOUNT */
export function checkTarget(target: string, flag: string, text: string): string {
  if (!isAbsolute(target)) throw invalidMount(flag, text, 'the path inside the container must be absolute');
  const path = resolve(target);
  if (path === '/') throw invalidMount(flag, text, 'the root itself cannot be mounted over');
  return path;
}
