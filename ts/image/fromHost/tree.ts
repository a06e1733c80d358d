import { posix } from 'node:path';
import type { HostNode, HostRoot, Walk } from './hostRoot.ts';

interface Owned {
  /** Absolute path in the image. */
  path: string;
  /** Permission bits, setuid, setgid and sticky included. */
  mode: number;
  uid: number;
  gid: number;
}

export interface TreeDirectory extends Owned {
  type: 'directory';
}

export interface TreeLink extends Owned {
  type: 'symlink';
  target: string;
}

/** A file made by rcx. */
export interface TreeText extends Owned {
  type: 'text';
  content: Buffer;
}

/** A file of the host. */
export interface TreeFile extends Owned {
  type: 'file';
  /** Where this process reads it. */
  source: string;
  /** Bytes. */
  size: number;
  /** Whole seconds since 1970. */
  mtime: number;
  /** Equal for the names of one inode. */
  inode: string;
}

export type TreeEntry = TreeDirectory | TreeLink | TreeText | TreeFile;

const DIRECTORY_MODE = 0o755;

/** The root file system being put together: one entry a path, however often it is added. */
export class ImageTree {
  readonly #host: HostRoot;
  readonly #entries = new Map<string, TreeEntry>();

  constructor(host: HostRoot) {
    this.#host = host;
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** Everything a look-up walked through: links and directories as they are on the host, and the file at the end. */
  addWalk(walk: Walk): void {
    for (const step of walk.steps) this.#addNode(step);
  }

  /** A file or directory of the host and what leads to it, if it exists. */
  addHostPath(path: string): boolean {
    const walk = this.#host.walk(path);
    if (walk === undefined) return false;
    this.addWalk(walk);
    return true;
  }

  /** A directory unless something of that name is there already. */
  addDirectory(path: string, mode = DIRECTORY_MODE): void {
    if (path === '/' || this.#entries.has(path)) return;
    this.#addParents(path);
    this.#entries.set(path, { type: 'directory', path, mode, uid: 0, gid: 0 });
  }

  addText(path: string, text: string | Buffer, mode = 0o644): void {
    this.#addParents(path);
    this.#entries.set(path, { type: 'text', path, mode, uid: 0, gid: 0, content: Buffer.from(text) });
  }

  addLink(path: string, target: string): void {
    this.#addParents(path);
    this.#entries.set(path, { type: 'symlink', path, mode: 0o777, uid: 0, gid: 0, target });
  }

  /** In the order of their bytes: parents before children, the same on every machine. */
  entries(): TreeEntry[] {
    return [...this.#entries.values()].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  }

  #addParents(path: string): void {
    this.addDirectory(posix.dirname(path));
  }

  #addNode(node: HostNode): void {
    if (this.#entries.has(node.path)) return;
    this.#addParents(node.path);
    const { stat, path, target } = node;
    const owned = { path, mode: Number(stat.mode) & 0o7777, uid: Number(stat.uid), gid: Number(stat.gid) };
    if (target !== undefined) this.#entries.set(path, { type: 'symlink', ...owned, target });
    else if (stat.isDirectory()) this.#entries.set(path, { type: 'directory', ...owned });
    else if (stat.isFile()) {
      this.#entries.set(path, {
        type: 'file',
        ...owned,
        source: this.#host.hostPath(path),
        size: Number(stat.size),
        mtime: Number(stat.mtimeNs / 1_000_000_000n),
        inode: `${stat.dev}:${stat.ino}`,
      });
    }
  }
}
