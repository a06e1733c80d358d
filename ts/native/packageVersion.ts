import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './packageRoot.ts';

/** Put in by the build: a bundle need not read a file to know its version. */
declare const RCX_VERSION: string | undefined;

/** The version of this package. */
export function packageVersion(): string {
  return typeof RCX_VERSION === 'string' ? RCX_VERSION : versionIn(packageRoot);
}

/** The version that the `package.json` of a folder names. */
export function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}
