import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What can be a name, and a file name (NAME_MAX). */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,254}$/;

/** Who has which name: a symbolic link for each, whose target is the container's id. Making a link is atomic. */
export class NameLinks {
  readonly #folder: string;
  readonly #has: (id: string, name: string) => boolean;

  /** @param has whether there is a container with that id, or going to be, which goes by that name */
  constructor(folder: string, has: (id: string, name: string) => boolean) {
    this.#folder = folder;
    this.#has = has;
  }

  /** Gives a name to a container unless another has it. A link that leads nowhere was left by a crash, and is taken over. */
  take(name: string, id: string): boolean {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const link = join(this.#folder, name);
    for (let attempt = 0; attempt < 8; attempt++) {
      try {
        symlinkSync(id, link);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = this.idOf(name);
      if (owner === undefined) continue;
      if (this.#has(owner, name)) return false;
      this.free(name, owner);
    }
    return false;
  }

  /** The id of the container that has, or had, the name. */
  idOf(name: string): string | undefined {
    if (!NAME.test(name)) return undefined;
    try {
      return readlinkSync(join(this.#folder, name));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'EINVAL') return undefined;
      throw error;
    }
  }

  /** Names that lead to no container and are nobody's any more: a crash left them. */
  abandoned(): string[] {
    return this.#names().filter((name) => {
      const owner = this.idOf(name);
      return owner !== undefined && !this.#has(owner, name);
    });
  }

  /** Takes a name from a container that has it. */
  free(name: string, id: string): void {
    if (this.idOf(name) !== id) return;
    try {
      unlinkSync(join(this.#folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Takes whatever names a container has from it. */
  freeAll(id: string): void {
    for (const name of this.#names()) this.free(name, id);
  }

  #names(): string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder) : [];
  }
}
