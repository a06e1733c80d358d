import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { INSTALLED_BIN } from './installedBin.ts';

/**
 * Copies rcx as it is installed, for tests that destroy it when what they test is broken.
 * @returns the copy's command line
 */
export function copyInstallation(to: string): string {
  const from = dirname(dirname(realpathSync(INSTALLED_BIN)));
  mkdirSync(to);
  for (const name of ['bin', 'dist', 'native', 'package.json']) {
    cpSync(join(from, name), join(to, name), { recursive: true });
  }
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
