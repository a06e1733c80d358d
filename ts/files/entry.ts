import { readable } from '../layer/errors.ts';
import type { TreeEntry } from '../native/index.ts';

/** What stands at a path. */
export interface FileEntry {
  /** Its last component. */
  name: string;
  kind: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  /** Bytes. */
  size: number;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  mtime: Date;
  /** What a symbolic link says. */
  target?: string | undefined;
}

export function entryOf(name: string, { kind, size, mode, uid, gid, mtime, mtimeNsec, target }: TreeEntry): FileEntry {
  return {
    name: readable(name),
    // A device 0:0 of a root that overlayfs shows is a device.
    kind: kind === 'whiteout' ? 'character' : kind,
    ...{ size: Number(size), mode, uid, gid, mtime: new Date(mtime * 1000 + mtimeNsec / 1e6) },
    ...(target !== undefined && { target: readable(target) }),
  };
}
