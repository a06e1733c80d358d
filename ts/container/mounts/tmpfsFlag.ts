import type { ContainerMount } from '../options.ts';
import { checkTarget, invalidMount } from './invalid.ts';

/** Docker's options of every tmpfs. */
const OWN = ['nosuid', 'nodev', 'noexec'];

/** Docker's: attributes of the mount, then what tmpfs itself knows (tmpfs(5)). */
const TMPFS_OPTION =
  /^(r[ow]|(no)?(suid|dev|exec|atime|diratime)|relatime|strictatime|defaults|a?sync|dirsync|size=[0-9]+[kmgt%]?|nr_(blocks|inodes)=[0-9]+[kmg]?|mode=[0-7]{1,4}|[ug]id=[0-9]{1,10}|mpol=\S+)$/i;

/** `--tmpfs target[:options]`. @throws ERR_RCX_INVALID_MOUNT */
export function parseTmpfs(text: string): ContainerMount {
  const colon = text.indexOf(':');
  const target = colon < 0 ? text : text.slice(0, colon);
  const given = colon < 0 ? '' : text.slice(colon + 1);
  const options = given.split(',').filter((option) => option !== '');
  const unknown = options.find((option) => !TMPFS_OPTION.test(option));
  if (unknown !== undefined) throw invalidMount('--tmpfs', text, `invalid tmpfs option ${unknown}`);
  return tmpfs(checkTarget(target, '--tmpfs', text), options, { name: '--tmpfs', text: given });
}

/** A tmpfs at a path that was checked. */
export function tmpfs(target: string, options: string[], flag?: ContainerMount['flag']): ContainerMount {
  return { type: 'tmpfs', target, options: [...OWN, ...options], ...(flag !== undefined && { flag }) };
}
