import type { ByteString } from '../../../layer/errors.ts';
import { invalidArchive } from '../errors.ts';

/** The kernel's limit on a path, PATH_MAX: archives of images have names of some eighty bytes. */
const LONGEST = 4096;

/**
 * The name of a member in the one form by which members are kept: no `.`, no empty parts. Nothing is ever written under it;
 * it is refused all the same where another tool would write outside of its folder, since no archive of an image has such names.
 * @returns the empty string for the archive's own root
 * @throws ERR_RCX_ARCHIVE_INVALID
 */
export function memberName(raw: ByteString): ByteString {
  const shown = raw.slice(0, LONGEST);
  if (raw.length > LONGEST) throw invalidArchive(`its name is longer than ${LONGEST} bytes`, shown);
  if (raw.startsWith('/')) throw invalidArchive('its name is absolute', shown);
  const parts = partsOf(raw);
  if (parts.includes('..')) throw invalidArchive('its name leads out of the archive', shown);
  return parts.join('/');
}

/**
 * The name that a link leads to: from the folder of a symbolic link, from the root for a hard link.
 * @throws ERR_RCX_ARCHIVE_INVALID where it leads out of the archive
 */
export function linkTarget(from: ByteString, type: 'symlink' | 'hardlink', raw: ByteString): ByteString {
  const outside = () => invalidArchive('it is a link that leads out of the archive', from);
  if (raw.startsWith('/') || raw.length > LONGEST) throw outside();
  const parts = type === 'symlink' ? partsOf(from).slice(0, -1) : [];
  for (const part of partsOf(raw)) {
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw outside();
  }
  return parts.join('/');
}

function partsOf(name: ByteString): string[] {
  return name.split('/').filter((part) => part !== '' && part !== '.');
}
