import { posix } from 'node:path';
import type { ByteString } from '../../layer/errors.ts';

/** Go's `filepath.Clean`: neither doubled slashes, `.`, `..`, nor a slash at the end. */
function clean(path: ByteString): ByteString {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** Go's `filepath.Base`: the last component; `/` for the root and `.` where there is nothing. */
export function baseName(path: ByteString): ByteString {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** The path says itself that it is a directory: it ends with a slash, or with `.`. */
export function namesDirectory(path: ByteString): boolean {
  return path.endsWith('/') || baseName(path) === '.';
}

/**
 * The absolute path, cleaned, but for a slash or a `/.` at its end, which mean something in a copy.
 * @param directory what a relative path is relative to
 */
export function absolutePath(path: ByteString, directory: ByteString): ByteString {
  const whole = clean(path.startsWith('/') ? path : `${directory}/${path}`);
  const slash = whole.endsWith('/') ? '' : '/';
  if (baseName(path) === '.') return `${whole}${slash}.${path.endsWith('/') ? '/' : ''}`;
  return path.endsWith('/') ? `${whole}${slash}` : whole;
}

/** The directory of a path and the name in it; the name of `/a/.` is `.`, in the directory `/a`. */
export function splitPath(path: ByteString): { directory: ByteString; name: ByteString } {
  const cleaned = clean(path);
  const name = baseName(path) === '.' ? '.' : baseName(cleaned);
  if (name === '.') return { directory: cleaned, name };
  return { directory: clean(cleaned.slice(0, cleaned.lastIndexOf('/') + 1) || '.'), name };
}
