import { readFileSync, realpathSync } from 'node:fs';
import { RcxError } from '../../errors.ts';

/** A mount of this process, and what it passes on: proc_pid_mountinfo(5). */
interface Propagating {
  path: string;
  /** `shared:1`, `master:2`, … */
  tags: string[];
}

/**
 * Refuses a propagation that the mount of a source does not have, in Docker's words: nothing would be passed on, and nobody would
 * be told.
 * @param source a path of the host that exists
 * @throws ERR_RCX_INVALID_MOUNT
 */
export function checkPropagation(
  source: string,
  propagation: string | undefined,
  table: string = readFileSync('/proc/self/mountinfo', 'utf8'),
): void {
  const kind = propagation?.replace(/^r/, '');
  if (kind !== 'shared' && kind !== 'slave') return;
  const path = realpathSync(source);
  const mount = mountOf(path, parse(table));
  const has = (tag: string) => mount.tags.some((each) => each.startsWith(`${tag}:`));
  if (has('shared') || (kind === 'slave' && has('master'))) return;
  const wanted = kind === 'shared' ? 'a shared mount' : 'a shared or slave mount';
  throw new RcxError(`mount ${source}: path ${path} is mounted on ${mount.path} but it is not ${wanted}`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: 'mount a path of the host',
    path: source,
    hint: `make it one with: mount --make-rshared ${mount.path}`,
  });
}

function mountOf(path: string, mounts: readonly Propagating[]): Propagating {
  const above = mounts.filter((mount) => mount.path === '/' || `${path}/`.startsWith(`${mount.path}/`));
  // Of several on one path the last covers the others.
  return above.reduce((nearest, mount) => (mount.path.length >= nearest.path.length ? mount : nearest), {
    path: '/',
    tags: [],
  });
}

function parse(table: string): Propagating[] {
  return table.split('\n').flatMap((line) => {
    const [before = ''] = line.split(' - ');
    const [, , , , path, , ...tags] = before.split(' ');
    return path === undefined ? [] : [{ path: unescaped(path), tags }];
  });
}

/** Blanks and backslashes are three octal digits there. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
