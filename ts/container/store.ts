import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { isRcxError, RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import type { StorePaths } from '../store/paths.ts';
import { randomName } from './names.ts';
import { type ContainerConfig, type ContainerState, readConfig, readState } from './record.ts';

/** A container of the store. */
export interface StoredContainer {
  folder: string;
  config: ContainerConfig;
  state: ContainerState;
}

/** The containers of one store: a folder each, and a link for each name. There is no index that could disagree with them. */
export class ContainerStore {
  readonly #root: string;
  readonly #names: string;

  constructor(paths: StorePaths) {
    this.#root = paths.containers;
    this.#names = join(paths.containers, '.names');
  }

  folder(id: string): string {
    return join(this.#root, id);
  }

  /**
   * Makes a container visible: `prepared` becomes its folder, then the name is taken, which is the one step that can be lost
   * to somebody else.
   * @returns the name, made up when `wanted` is undefined
   * @throws ERR_RCX_NAME_IN_USE; the folder is then left where it is
   */
  claim(id: string, prepared: string, wanted: string | undefined, finish: (name: string) => void): string {
    mkdirSync(this.#names, { recursive: true, mode: 0o700 });
    for (;;) {
      const name = wanted ?? randomName();
      if (this.#take(name, id)) {
        finish(name);
        renameSync(prepared, this.folder(id));
        return name;
      }
      if (wanted !== undefined) throw this.#inUse(name);
    }
  }

  /** Removes folder and name; what is gone already is no error. */
  async remove({ folder, config }: StoredContainer): Promise<void> {
    await this.#removeFolder(folder);
    this.#free(config.name, config.id);
  }

  /** Removes a container whose record, with its name in it, cannot be read. */
  async removeDamaged(id: string): Promise<void> {
    await this.#removeFolder(this.folder(id));
    for (const name of this.#allNames()) this.#free(name, id);
  }

  /** All containers whose record can be read, newest first. */
  list(): StoredContainer[] {
    return this.ids()
      .flatMap((id) => {
        try {
          return [this.#load(id)];
        } catch (error) {
          // Removed in this moment, or damaged: `find` says which.
          if (isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return [];
          throw error;
        }
      })
      .sort((a, b) => b.config.created.localeCompare(a.config.created));
  }

  /** Ids of those whose record cannot be read; they can only be removed. */
  damaged(): string[] {
    return this.ids().filter((id) => {
      try {
        this.#load(id);
        return false;
      } catch (error) {
        if (isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return existsSync(this.folder(id));
        throw error;
      }
    });
  }

  /** Ids of all folders. */
  ids(): string[] {
    if (!existsSync(this.#root)) return [];
    return readdirSync(this.#root).filter((name) => /^[0-9a-f]{64}$/.test(name));
  }

  /**
   * By name, id, or unambiguous prefix of an id.
   * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_AMBIGUOUS, ERR_RCX_CONTAINER_DAMAGED
   */
  find(text: string): StoredContainer {
    return this.#load(this.resolve(text));
  }

  /**
   * The id that {@link ContainerStore.find} would read the record of.
   * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_AMBIGUOUS
   */
  resolve(text: string): string {
    const named = this.#idOf(text);
    if (named !== undefined && existsSync(this.folder(named))) return named;
    const matches = /^[0-9a-f]+$/.test(text) ? this.ids().filter((id) => id.startsWith(text)) : [];
    if (matches.length > 1) {
      throw new RcxError(`find the container: ${text} is the start of ${matches.length} ids`, {
        code: 'ERR_RCX_CONTAINER_AMBIGUOUS',
        step: 'find the container',
        path: text,
        hint: 'give more of the id',
      });
    }
    const [id] = matches;
    if (id === undefined) {
      throw new RcxError(`find the container: no such container: ${text}`, {
        code: 'ERR_RCX_CONTAINER_NOT_FOUND',
        step: 'find the container',
        path: text,
        hint: 'list them with: rcx ps -a',
      });
    }
    return id;
  }

  #load(id: string): StoredContainer {
    const folder = this.folder(id);
    return { folder, config: readConfig(folder), state: readState(folder) };
  }

  /** The link's target says whose name it is; one that leads nowhere was left by a crash and is taken over. */
  #take(name: string, id: string): boolean {
    const link = join(this.#names, name);
    for (let attempt = 0; attempt < 8; attempt++) {
      try {
        symlinkSync(id, link);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = this.#idOf(name);
      if (owner === undefined) continue;
      if (existsSync(this.folder(owner)) || !this.#isStale(link)) return false;
      this.#free(name, owner);
    }
    return false;
  }

  /** A name is taken just before its folder appears: only a link that has stood alone for a while is nobody's. */
  #isStale(link: string): boolean {
    const GRACE_MS = 10_000;
    const stat = lstatSync(link, { throwIfNoEntry: false });
    return stat === undefined || Date.now() - stat.mtimeMs > GRACE_MS;
  }

  #idOf(name: string): string | undefined {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return undefined;
    try {
      return readlinkSync(join(this.#names, name));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'EINVAL') return undefined;
      throw error;
    }
  }

  #allNames(): string[] {
    return existsSync(this.#names) ? readdirSync(this.#names) : [];
  }

  #free(name: string, id: string): void {
    if (this.#idOf(name) !== id) return;
    try {
      unlinkSync(join(this.#names, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  async #removeFolder(folder: string): Promise<void> {
    try {
      await native().removeTree(folder);
    } catch (error) {
      const failure = toRcxError(error, 'ERR_RCX_REMOVE');
      // Somebody else was faster.
      if (failure.errno !== 'ENOENT') throw failure;
    }
  }

  #inUse(name: string): RcxError {
    const owner = this.#idOf(name)?.slice(0, 12) ?? 'another container';
    return new RcxError(`name the container: ${name} is already the name of ${owner}`, {
      code: 'ERR_RCX_NAME_IN_USE',
      step: 'name the container',
      path: name,
      hint: `remove that one with: rcx rm ${name}, or choose another name`,
    });
  }
}
