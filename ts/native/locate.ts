import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { RcxError } from '../errors.ts';
import { type Libc, libc } from './libc.ts';
import { packageRoot } from './packageRoot.ts';
import { packageVersion, versionIn } from './packageVersion.ts';

/** Where the native parts of rcx are. */
export interface NativeParts {
  folder: string;
  /** Path of the addon. */
  addon: string;
}

export const LOAD_STEP = 'load the native addon';
const ARCHITECTURES = ['x64', 'arm64'];

/**
 * Finds the native parts for this machine: in `native/` of a checkout, else in the package `@rcx/linux-ARCH-LIBC`.
 *
 * @throws RcxError `ERR_RCX_PLATFORM`, `ERR_RCX_ADDON_MISSING`, `ERR_RCX_ADDON_VERSION`
 */
export function locate(): NativeParts {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) throw unsupported();
  const own = libc();
  const built = partsIn(join(packageRoot, 'native'), own);
  if (existsSync(built.addon)) return built;
  const name = packageName(own);
  const folder = folderOf(name);
  const parts = folder === undefined ? undefined : partsIn(folder, own);
  if (folder === undefined || parts === undefined || !existsSync(parts.addon)) throw missing(own, built.addon, folder);
  const version = versionIn(folder);
  if (version !== packageVersion()) throw mismatch(name, folder, version);
  return parts;
}

function partsIn(folder: string, own: Libc): NativeParts {
  return { folder, addon: join(folder, `rcx.linux-${process.arch}-${own}.node`) };
}

function packageName(which: Libc): string {
  return `@rcx/linux-${process.arch}-${which}`;
}

/** Where npm, pnpm and yarn put it, inside or beside this package. */
function candidates(name: string): string[] {
  return [join(packageRoot, 'node_modules', name), join(dirname(packageRoot), name)];
}

/** The folder of an installed package. Node's own search is slow to load: it comes last, for Plug'n'Play and other arrangements. */
function folderOf(name: string): string | undefined {
  const near = candidates(name).find((folder) => existsSync(join(folder, 'package.json')));
  if (near !== undefined) return near;
  try {
    return dirname(createRequire(join(packageRoot, 'package.json')).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function unsupported(): RcxError {
  const here = `${process.platform} ${process.arch}`;
  return new RcxError(`${LOAD_STEP}: ${here} is not supported`, {
    code: 'ERR_RCX_PLATFORM',
    step: LOAD_STEP,
    hint: 'rcx is made for Linux on x64 and arm64: run it there, or in a Linux VM',
  });
}

/** @param folder the package, where it is there and the addon is not in it */
function missing(own: Libc, built: string, folder: string | undefined): RcxError {
  const name = packageName(own);
  const looked = folder === undefined ? [built, ...candidates(name)] : [built, partsIn(folder, own).addon];
  const problem = folder === undefined ? `package ${name} is not installed` : `package ${name} is not whole`;
  return new RcxError(`${LOAD_STEP}: ${problem}: looked for ${looked.join(', ')}`, {
    code: 'ERR_RCX_ADDON_MISSING',
    step: LOAD_STEP,
    path: looked.at(-1),
    hint: folder === undefined ? howToInstall(own) : `install it again: npm install --force ${spec(own)}`,
  });
}

function howToInstall(own: Libc): string {
  const other = own === 'gnu' ? 'musl' : 'gnu';
  const install = `npm install --no-save ${spec(own)}`;
  if (folderOf(packageName(other)) !== undefined) {
    const words = { gnu: 'glibc', musl: 'musl' };
    return `${packageName(other)} is installed, but this Node uses ${words[own]}: node_modules comes from another system; run npm ci on this one, or: ${install}`;
  }
  return `npm leaves it out with --omit=optional, and by a lock file that was made on another platform (then remove node_modules and package-lock.json, and run npm install); alone: ${install}; in a checkout: npm run build`;
}

function spec(own: Libc): string {
  return `${packageName(own)}@${packageVersion()}`;
}

function mismatch(name: string, folder: string, version: string): RcxError {
  const wanted = packageVersion();
  return new RcxError(`${LOAD_STEP}: ${name} is version ${version}, and rcx ${wanted}: ${folder}`, {
    code: 'ERR_RCX_ADDON_VERSION',
    step: LOAD_STEP,
    path: folder,
    hint: `both have to be of one version: npm install ${name}@${wanted}`,
  });
}
