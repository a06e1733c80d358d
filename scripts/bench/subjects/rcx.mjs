import { join } from 'node:path';
import { fs } from 'zx';
import { cleanEnv } from '../processes.mjs';

/** The reason why the checkout's rcx cannot be measured, or undefined. */
export function rcxLacking({ root }) {
  const missing = ['dist/index.mjs', 'native/rcx-init', 'native/rcx-runtime'].filter(
    (file) => !fs.existsSync(join(root, file)),
  );
  return missing.length === 0 ? undefined : `not built: ${missing.join(', ')}`;
}

/** The environment and the first words of an rcx command with a store of this run's own on `disk`. */
export function rcxCommand({ root, disk, dir }) {
  return {
    rcx: [process.execPath, join(root, 'bin/rcx.js')],
    env: cleanEnv({ RCX_ROOT: join(disk, 'rcx'), RCX_RUN: join(dir, 'rcx') }),
  };
}
