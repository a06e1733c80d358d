import { expander } from './environment.ts';
import type { Apply } from './instruction.ts';
import { join } from './pieces.ts';

/** `WORKDIR path`; a relative one starts at the working directory there is, or at `/`. */
export const workdir: Apply = ({ config }, instruction) => {
  const path = join(expander(config.Env, instruction)(instruction.rest));
  if (path === '') throw instruction.fail('the path is empty');
  return { ...config, WorkingDir: clean(path.startsWith('/') ? path : `${config.WorkingDir ?? ''}/${path}`) };
};

/** Absolute, without `.`, `..`, doubled and trailing slashes; by its text alone, as the container's links are unknown. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
