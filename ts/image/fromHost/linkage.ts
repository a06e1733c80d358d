import { isRcxError, RcxError } from '../../errors.ts';
import { withFileSource } from './byteSource.ts';
import { type ElfAbi, type ElfFile, readElf, sameAbi } from './elf.ts';
import type { HostRoot } from './hostRoot.ts';
import { type LdCacheEntry, parseLdCache } from './ldCache.ts';
import { expandDirectories, expandTokens, type LoaderRules, loaderRules } from './searchPath.ts';

/** One file the loader maps into a process. */
interface LoadedObject {
  /** As it was found, symbolic links and all. */
  path: string;
  elf: ElfFile;
  /** Whose need brought it in; absent for the program itself. */
  loader: LoadedObject | undefined;
}

/** One program's start, as its dynamic loader goes about it. */
interface Process {
  main: LoadedObject;
  rules: LoaderRules;
  objects: LoadedObject[];
  /** Every name and soname that is answered by an object already loaded. */
  names: Set<string>;
}

const CACHE_PATH = '/etc/ld.so.cache';
const ET_DYN = 3;
/** musl answers these itself: they are all inside its loader. */
const MUSL_RESERVED = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;

/**
 * Finds the shared objects of programs in the order ld.so(8) searches, without running anything. `LD_LIBRARY_PATH` plays no part,
 * as the image will not have it; variants for some processors only (`glibc-hwcaps`) are passed over, so that the image runs on all.
 */
export class Linkage {
  readonly #host: HostRoot;
  readonly #elfs = new Map<string, ElfFile>();
  #cache: Map<string, LdCacheEntry[]> | undefined;

  constructor(host: HostRoot) {
    this.#host = host;
  }

  /**
   * Every file that has to be there for `program` to start, besides itself: its interpreter first, then libraries in load order.
   * Throws `ERR_RCX_LIBRARY_NOT_FOUND`, `ERR_RCX_INVALID_ELF`.
   *
   * @param program an absolute path that leads to an ELF file
   * @param extra names that are opened later by `dlopen(3)`; those that do not exist are passed over
   */
  closure(program: string, extra: string[] = []): string[] {
    const main: LoadedObject = { path: this.#canonical(program), elf: this.#load(program), loader: undefined };
    const process: Process = {
      main,
      rules: loaderRules(this.#host, main.elf, main.elf.interpreter),
      objects: [main],
      names: new Set(),
    };
    if (main.elf.interpreter !== undefined) this.#addInterpreter(process, main.elf.interpreter);
    if (process.objects.length > 1 || main.elf.needed.length > 0) {
      for (const name of extra) this.#need(process, main, name, false);
    }
    for (const object of process.objects) {
      for (const name of object.elf.needed) this.#need(process, object, name, true);
      for (const { name, required } of object.elf.filters) this.#need(process, object, name, required);
    }
    return process.objects.slice(1).map((object) => object.path);
  }

  /** Entries of the machine's `ld.so.cache`, in its order. */
  cacheEntries(): LdCacheEntry[] {
    return this.#host.file(CACHE_PATH) ? parseLdCache(this.#host.read(CACHE_PATH)) : [];
  }

  #addInterpreter(process: Process, path: string): void {
    if (this.#host.file(path) === undefined) throw libraryNotFound(process.main.path, path, process.main.path);
    this.#append(process, path, this.#load(path), process.main);
  }

  #need(process: Process, loader: LoadedObject, name: string, required: boolean): void {
    if (process.names.has(name)) return;
    if (process.rules.flavour === 'musl' && MUSL_RESERVED.test(name)) return;
    const path = this.#find(process, loader, name);
    if (path === undefined) {
      if (required) throw libraryNotFound(process.main.path, name, loader.path);
      return;
    }
    process.names.add(name);
    this.#append(process, path, this.#load(path), loader);
  }

  #append(process: Process, path: string, elf: ElfFile, loader: LoadedObject): void {
    if (elf.soname !== undefined) process.names.add(elf.soname);
    process.objects.push({ path, elf, loader });
  }

  #find(process: Process, loader: LoadedObject, name: string): string | undefined {
    if (name.includes('/')) {
      const path = expandTokens(name, process.rules, loader.path);
      return path.startsWith('/') && this.#fits(path, process.main.elf) ? path : undefined;
    }
    for (const path of this.#candidates(process, loader, name)) {
      if (this.#fits(path, process.main.elf)) return path;
    }
    return undefined;
  }

  /** Paths are put together as they stand: taking `..` out by hand would go wrong behind a symbolic link. */
  *#candidates(process: Process, loader: LoadedObject, name: string): Iterable<string> {
    const { rules } = process;
    for (const directory of requestedDirectories(process, loader)) yield `${directory}/${name}`;
    const { noDefaultLib } = loader.elf;
    if (rules.flavour === 'glibc') {
      for (const entry of this.#cached(name)) {
        const isDefault = rules.defaultDirectories.some((directory) => entry.path === `${directory}/${name}`);
        if (!(noDefaultLib && isDefault)) yield entry.path;
      }
    }
    if (noDefaultLib) return;
    for (const directory of rules.defaultDirectories) yield `${directory}/${name}`;
  }

  #cached(name: string): LdCacheEntry[] {
    this.#cache ??= indexBySoname(this.cacheEntries());
    return this.#cache.get(name) ?? [];
  }

  #canonical(path: string): string {
    return this.#host.walk(path)?.node.path ?? path;
  }

  /** A file of the wrong class or machine, or that is no ELF file at all, is passed over as the loader does. */
  #fits(path: string, abi: ElfAbi): boolean {
    if (this.#host.file(path) === undefined) return false;
    try {
      const elf = this.#load(path);
      return elf.type === ET_DYN && sameAbi(elf, abi);
    } catch (error) {
      if (isRcxError(error, 'ERR_RCX_INVALID_ELF')) return false;
      throw error;
    }
  }

  #load(path: string): ElfFile {
    const at = this.#canonical(path);
    const known = this.#elfs.get(at);
    if (known !== undefined) return known;
    const elf = withFileSource(this.#host.hostPath(at), (source) => readElf(source, path));
    this.#elfs.set(at, elf);
    return elf;
  }
}

/**
 * The directories `loader` itself, or those that brought it in, ask for. glibc: the rpath of the whole chain up to the
 * program, unless `loader` has a runpath, which then serves alone. musl: the rpath or runpath of the whole chain.
 */
function requestedDirectories(process: Process, loader: LoadedObject): string[] {
  const { rules } = process;
  const directories = (object: LoadedObject, list: string | undefined) => expandDirectories(list, rules, object.path);
  const own = loader.elf.runpath;
  if (rules.flavour === 'glibc' && own !== undefined) return directories(loader, own);
  const chain: LoadedObject[] = [];
  for (let object: LoadedObject | undefined = loader; object; object = object.loader) chain.push(object);
  return chain.flatMap((object) =>
    directories(object, object.elf.rpath ?? (rules.flavour === 'musl' ? object.elf.runpath : undefined)),
  );
}

function indexBySoname(entries: LdCacheEntry[]): Map<string, LdCacheEntry[]> {
  const index = new Map<string, LdCacheEntry[]>();
  for (const entry of entries) {
    if (entry.hwcap !== 0n) continue;
    const same = index.get(entry.soname);
    if (same === undefined) index.set(entry.soname, [entry]);
    else same.push(entry);
  }
  return index;
}

function libraryNotFound(program: string, name: string, loader: string): RcxError {
  return new RcxError(`resolve shared libraries: ${program}: ${name}, needed by ${loader}, was not found`, {
    code: 'ERR_RCX_LIBRARY_NOT_FOUND',
    step: 'resolve shared libraries',
    path: program,
    hint: `the program cannot start on this machine either (try: ldd ${program}); install the package that holds ${name}.`,
  });
}
