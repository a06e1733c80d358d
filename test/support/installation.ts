import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { INSTALLED_BIN } from './installedBin.ts';

/** Modules that are loaded at run time and not bundled. */
export const RUNTIME_MODULES = ['tar', 'chownr', 'minipass', 'minizlib', 'yallist', '@isaacs/fs-minipass'];

/**
 * Copies rcx as it is installed, for tests that destroy it when what they test is broken.
 * @param whole with the modules that it needs, and not a link to those of the checkout
 * @returns the copy's command line
 */
export function copyInstallation(to: string, { whole = false } = {}): string {
  const from = dirname(dirname(realpathSync(INSTALLED_BIN)));
  mkdirSync(to);
  for (const name of ['bin', 'dist', 'native', 'package.json']) {
    cpSync(join(from, name), join(to, name), { recursive: true });
  }
  const modules = 'node_modules';
  if (!whole) symlinkSync(join(from, modules), join(to, modules));
  else
    for (const name of RUNTIME_MODULES) cpSync(join(from, modules, name), join(to, modules, name), { recursive: true });
  return join(to, 'bin/rcx.js');
}

/** Content, mode and time of change of every executable file of an installation. */
export function executables(bin: string): Record<string, string> {
  const folder = join(dirname(dirname(bin)), 'native');
  const names = readdirSync(folder).sort();
  return Object.fromEntries(
    [bin, ...names.map((name) => join(folder, name))].map((path) => {
      const { mode, ctimeMs } = statSync(path);
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      return [path, `${digest} ${mode.toString(8)} ${ctimeMs}`];
    }),
  );
}
