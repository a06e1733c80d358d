import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRcxError, RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import type { StorePaths } from '../store/paths.ts';
import { discard } from '../store/temporary.ts';
import { NameLinks } from './nameLinks.ts';
import { goesBy, mayGoBy } from './nameOwner.ts';
import { randomName } from './names.ts';
import { type ContainerConfig, type ContainerState, readConfig, readState, readStateAside } from './record.ts';

/** A container of the store. */
export interface StoredContainer {
  folder: string;
  config: ContainerConfig;
  state: ContainerState;
  /** The state lies in the runtime directory, as the disk has no room for it. */
  aside?: true;
}

/** The fixed part of a container's record, if it can be read. */
export type FoundConfig =
  | { id: string; config: ContainerConfig; damage?: never }
  | { id: string; config?: never; damage: RcxError };

/** The containers of one store: a folder each, and a link for each name. There is no index that could disagree with them. */
export class ContainerStore {
  readonly #root: string;
  readonly #run: string;
  readonly #paths: StorePaths;
  readonly #names: NameLinks;

  constructor(paths: StorePaths) {
    this.#root = paths.containers;
    this.#run = paths.run;
    this.#paths = paths;
    this.#names = new NameLinks(join(paths.containers, '.names'), (id, name) => mayGoBy(this.#root, id, name));
  }

  folder(id: string): string {
    return join(this.#root, id);
  }

  /** The part of the runtime directory that belongs to one container, as long as it runs. */
  runDirectory(id: string): string {
    return join(this.#run, id);
  }

  /**
   * Makes a container visible: `prepared` becomes its folder, then the name is taken, which is the one step that can be lost
   * to somebody else.
   * @returns the name, made up when `wanted` is undefined
   * @throws ERR_RCX_NAME_IN_USE; the folder is then left where it is
   */
  claim(id: string, prepared: string, wanted: string | undefined, finish: (name: string) => void): string {
    for (;;) {
      const name = wanted ?? randomName();
      if (this.#names.take(name, id)) {
        finish(name);
        renameSync(prepared, this.folder(id));
        return name;
      }
      if (wanted !== undefined) throw this.#inUse(name);
    }
  }

  /**
   * Removes folder and name; what is gone already is no error.
   * @param volumes with its volumes that nobody gave a name, unless another container has them, too
   */
  async remove({ folder, config }: StoredContainer, { volumes = config.autoRemove } = {}): Promise<void> {
    // First what nobody would find any more without the container.
    this.#forget(config.id);
    // One that is half removed could not be told from one that is damaged.
    await discard(folder);
    this.#names.free(config.name, config.id);
    if (config.networks !== undefined) {
      const { freeAddresses } = await import('../network/attachments.ts');
      freeAddresses(this.#paths, config.id, config.networks);
    }
    containerEvent({ run: this.#run }, config, 'destroy');
    const anonymous = (config.mounts ?? []).flatMap(({ name, anonymous }) => (anonymous && name ? [name] : []));
    if (!volumes || anonymous.length === 0) return;
    const { removeAnonymous } = await import('../volume/remove.ts');
    await removeAnonymous({ paths: this.#paths, containers: this }, anonymous);
  }

  /** Removes a container whose record, with its name in it, cannot be read. */
  async removeDamaged(id: string): Promise<void> {
    this.#forget(id);
    await discard(this.folder(id));
    this.#names.freeAll(id);
  }

  /** What its monitor may have left, if it was killed. */
  #forget(id: string): void {
    rmSync(this.runDirectory(id), { recursive: true, force: true });
  }

  /** Whether a container is found by its name. */
  isNamed({ id, name }: Pick<ContainerConfig, 'id' | 'name'>): boolean {
    return this.#names.idOf(name) === id;
  }

  /** Gives a container its name again. @returns false when another has it */
  rename({ id, name }: Pick<ContainerConfig, 'id' | 'name'>): boolean {
    return this.#names.take(name, id);
  }

  /**
   * Gives a container a name beside its own, which it goes by as soon as its record says so.
   * @throws ERR_RCX_NAME_IN_USE
   */
  reserveName(container: Pick<ContainerConfig, 'id' | 'name'>): void {
    // Killed before the record said so, it has it already.
    if (!this.isNamed(container) && !this.rename(container)) throw this.#inUse(container.name);
  }

  /** Takes a name that a container does not go by from it. */
  freeName({ id, name }: Pick<ContainerConfig, 'id' | 'name'>): void {
    this.#names.free(name, id);
  }

  /** Names that a crash left without a container. */
  abandonedNames(): string[] {
    return this.#names.abandoned();
  }

  /** Frees those. */
  freeAbandonedNames(): void {
    for (const name of this.#names.abandoned()) this.#names.free(name, this.#names.idOf(name) ?? '');
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
      .sort(newestFirst);
  }

  /**
   * Containers whose state is wanted, newest first, and the ids of those whose record cannot be read. Of the others no more than
   * the state is read, which is a tenth of the record.
   */
  scan(wanted: (state: ContainerState) => boolean): { found: StoredContainer[]; damaged: string[] } {
    const found: StoredContainer[] = [];
    const damaged: string[] = [];
    for (const id of this.ids()) {
      const folder = this.folder(id);
      try {
        const state = readState(folder);
        if (wanted(state)) found.push({ folder, config: readConfig(folder), state });
      } catch (error) {
        if (!isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) throw error;
        // Else it was removed in this moment.
        if (existsSync(folder)) damaged.push(id);
      }
    }
    return { found: found.sort(newestFirst), damaged };
  }

  /** The part of each container's record that says what it needs, or what is wrong with it. */
  configs(): FoundConfig[] {
    return this.ids().flatMap((id): FoundConfig[] => {
      try {
        return [{ id, config: readConfig(this.folder(id)) }];
      } catch (error) {
        if (!isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) throw error;
        // Removed in this moment, or damaged.
        return existsSync(this.folder(id)) ? [{ id, damage: error }] : [];
      }
    });
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
    return this.#findNamed(text) ?? this.#load(this.resolve(text));
  }

  /** The container whose record says that it goes by that name, which is read once; what is damaged is for `resolve` to judge. */
  #findNamed(name: string): StoredContainer | undefined {
    const id = this.#names.idOf(name);
    if (id === undefined) return undefined;
    try {
      const named = this.#load(id);
      return named.config.name === name ? named : undefined;
    } catch (error) {
      if (isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return undefined;
      throw error;
    }
  }

  /**
   * The id that {@link ContainerStore.find} would read the record of.
   * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_AMBIGUOUS
   */
  resolve(text: string): string {
    const named = this.#names.idOf(text);
    if (named !== undefined && goesBy(this.folder(named), text)) return named;
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
    const config = readConfig(folder);
    const aside = readStateAside(this.runDirectory(id));
    if (aside !== undefined) return { folder, config, state: aside, aside: true };
    return { folder, config, state: readState(folder) };
  }

  #inUse(name: string): RcxError {
    const owner = this.#names.idOf(name)?.slice(0, 12) ?? 'another container';
    return new RcxError(`name the container: ${name} is already the name of ${owner}`, {
      code: 'ERR_RCX_NAME_IN_USE',
      step: 'name the container',
      path: name,
      hint: `remove that one with: rcx rm ${name}, or choose another name`,
    });
  }
}

/** Dates of one form sort as text. Not by `localeCompare`: to load a language's rules takes as long as to read 200 records. */
function newestFirst(one: StoredContainer, other: StoredContainer): number {
  if (one.config.created === other.config.created) return 0;
  return one.config.created < other.config.created ? 1 : -1;
}
