import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { RcxError } from '../../errors.ts';
import { errnoOf } from './hostError.ts';

/** One step of a path look-up: a directory, symbolic link or file that has to exist for the path to resolve. */
export interface HostNode {
  /** Absolute, every parent a real directory. */
  path: string;
  stat: BigIntStats;
  /** Of a symbolic link, as stored. */
  target: string | undefined;
}

/** Where a path leads, and everything that was walked through to get there. */
export interface Walk {
  /** The last node: never a symbolic link. */
  node: HostNode;
  /** Parents and symbolic links in the order they were met, `node` last. */
  steps: HostNode[];
}

const MAX_LINKS = 40;

/**
 * The file system names are looked up in: the machine's own, or a tree below `root` that is treated as if it were `/`, its
 * absolute symbolic links included. Answers are remembered: the tree is taken not to change while an image is made of it.
 */
export class HostRoot {
  readonly root: string;
  readonly #nodes = new Map<string, HostNode | undefined>();
  readonly #walks = new Map<string, Walk | undefined>();

  constructor(root = '/') {
    this.root = resolve(root);
  }

  /** The path by which this process reaches `path`, whose parents must be real directories. */
  hostPath(path: string): string {
    return join(this.root, path);
  }

  /** Follows an absolute path to its end, or `undefined` where something on the way does not exist. */
  walk(path: string): Walk | undefined {
    if (!this.#walks.has(path)) this.#walks.set(path, this.#follow(path));
    return this.#walks.get(path);
  }

  /** Like {@link walk}, but only where the end is a regular file. */
  file(path: string): Walk | undefined {
    const walk = this.walk(path);
    return walk?.node.stat.isFile() ? walk : undefined;
  }

  /** Like {@link walk}, but only where the end is a directory. */
  directory(path: string): Walk | undefined {
    const walk = this.walk(path);
    return walk?.node.stat.isDirectory() ? walk : undefined;
  }

  /** One name, symbolic links not followed. */
  node(path: string): HostNode | undefined {
    if (!this.#nodes.has(path)) this.#nodes.set(path, this.#inspect(path));
    return this.#nodes.get(path);
  }

  /** Paths of the regular files and links in a directory and below it, in no particular order. */
  filesBelow(path: string): string[] {
    const directory = this.directory(path)?.node.path ?? path;
    return readdirSync(this.hostPath(directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => join('/', relative(this.root, join(entry.parentPath, entry.name))));
  }

  /** The bytes of the file `path` leads to. */
  read(path: string): Buffer {
    const end = this.walk(path)?.node.path ?? path;
    try {
      return readFileSync(this.hostPath(end));
    } catch (error) {
      throw errnoOf(error, 'read a host file', path);
    }
  }

  #follow(path: string): Walk | undefined {
    const steps: HostNode[] = [];
    const waiting = path.split('/').reverse();
    let here = this.node('/');
    let links = 0;
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (here === undefined || !here.stat.isDirectory()) return undefined;
      if (name === '' || name === '.') continue;
      const next: HostNode | undefined = this.node(name === '..' ? dirname(here.path) : join(here.path, name));
      if (next === undefined) return undefined;
      if (name !== '..') steps.push(next);
      if (next.target === undefined) {
        here = next;
        continue;
      }
      if (++links > MAX_LINKS) throw tooManyLinks(path);
      waiting.push(...next.target.split('/').reverse());
      if (next.target.startsWith('/')) here = this.node('/');
    }
    return here && { node: here, steps };
  }

  #inspect(path: string): HostNode | undefined {
    const at = this.hostPath(path);
    try {
      const stat = lstatSync(at, { bigint: true });
      return { path, stat, target: stat.isSymbolicLink() ? readlinkSync(at) : undefined };
    } catch (error) {
      const failure = errnoOf(error, 'look up a host file', path);
      if (failure.errno === 'ENOENT' || failure.errno === 'ENOTDIR') return undefined;
      throw failure;
    }
  }
}

function tooManyLinks(path: string): RcxError {
  return new RcxError(`look up a host file: ${path}: too many levels of symbolic links`, {
    code: 'ERR_RCX_HOST_FILE',
    step: 'look up a host file',
    path,
    errno: 'ELOOP',
  });
}
