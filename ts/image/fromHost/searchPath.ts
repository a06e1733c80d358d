import { dirname } from 'node:path';
import type { ElfAbi } from './elf.ts';
import type { HostRoot } from './hostRoot.ts';

/** What a dynamic loader of one ABI has compiled in. */
export interface LoaderRules {
  flavour: 'glibc' | 'musl';
  /** Value of `$LIB`: `lib/x86_64-linux-gnu` on Debian, `lib64` on Fedora. */
  lib: string;
  /** Value of `$PLATFORM`: `AT_PLATFORM` of the processor. */
  platform: string;
  /** Searched last, in this order. */
  defaultDirectories: string[];
}

/** Per `e_machine`: the processor's name, its Debian multiarch triplet, and the name in musl's file names. */
const MACHINES: Record<number, { platform: string; triplet: string; musl: string }> = {
  3: { platform: 'i686', triplet: 'i386-linux-gnu', musl: 'i386' },
  40: { platform: 'v7l', triplet: 'arm-linux-gnueabihf', musl: 'armhf' },
  62: { platform: 'x86_64', triplet: 'x86_64-linux-gnu', musl: 'x86_64' },
  183: { platform: 'aarch64', triplet: 'aarch64-linux-gnu', musl: 'aarch64' },
};

/** The rules of the loader that runs programs of `abi`; `interpreter` (its path) tells musl from glibc. */
export function loaderRules(host: HostRoot, abi: ElfAbi, interpreter: string | undefined): LoaderRules {
  const names = MACHINES[abi.machine] ?? { platform: '', triplet: '', musl: '' };
  if (interpreter?.includes('/ld-musl-')) {
    return {
      flavour: 'musl',
      lib: 'lib',
      platform: names.platform,
      defaultDirectories: muslDirectories(host, names.musl),
    };
  }
  const multiarch = names.triplet !== '' && host.directory(`/lib/${names.triplet}`) ? [`lib/${names.triplet}`] : [];
  const wide = abi.bits === 64 && host.directory('/lib64') ? ['lib64'] : [];
  const libraryNames = [...multiarch, ...wide, 'lib'];
  return {
    flavour: 'glibc',
    lib: libraryNames[0] ?? 'lib',
    platform: names.platform,
    defaultDirectories: libraryNames.flatMap((name) => [`/${name}`, `/usr/${name}`]),
  };
}

function muslDirectories(host: HostRoot, machine: string): string[] {
  const list = host.file(`/etc/ld-musl-${machine}.path`);
  if (list === undefined) return ['/lib', '/usr/local/lib', '/usr/lib'];
  return host
    .read(list.node.path)
    .toString()
    .split(/[\n:]/)
    .filter((directory) => directory.startsWith('/'));
}

/** Expands `$ORIGIN`, `$LIB` and `$PLATFORM` (`${…}` as well), see ld.so(8). `object` is the file that holds `text`. */
export function expandTokens(text: string, rules: LoaderRules, object: string): string {
  const values = { ORIGIN: dirname(object), LIB: rules.lib, PLATFORM: rules.platform };
  return text.replace(/\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g, (_, braced, bare) => {
    return values[(braced ?? bare) as keyof typeof values];
  });
}

/**
 * The directories of an rpath or runpath. Relative ones are left out: they mean the working directory a program happens to be
 * started in, which an image does not have.
 */
export function expandDirectories(list: string | undefined, rules: LoaderRules, object: string): string[] {
  if (list === undefined) return [];
  return list
    .split(':')
    .map((directory) => expandTokens(directory, rules, object))
    .filter((directory) => directory.startsWith('/'));
}
