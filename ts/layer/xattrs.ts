import type { EntryXattr } from './tar/entry.ts';

/** The kernel's limit on a name, VFS XATTR_NAME_MAX. */
const LONGEST_NAME = 255;

/**
 * The attributes of an entry that a layer takes over, and gives away again.
 *
 * Not overlay's own, in either namespace: they would redirect or hide what is not in the layer. Not SELinux labels and NFS
 * ACLs, which belong to the machine the image was made on; umoci leaves out the same two.
 */
export function carriedXattrs(xattrs: readonly EntryXattr[]): EntryXattr[] {
  return xattrs.filter(({ name }) => {
    if (/^(trusted|user)\.overlay\./.test(name)) return false;
    if (name === '' || name.includes('\0') || Buffer.byteLength(name) > LONGEST_NAME) return false;
    return name !== 'security.selinux' && name !== 'system.nfs4_acl';
  });
}
