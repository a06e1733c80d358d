import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The installed package's own folder: the same whether this runs bundled from `dist/` or from the sources. */
export const packageRoot: string = (() => {
  let dir = import.meta.dirname;
  while (!existsSync(join(dir, 'package.json'))) {
    const parent = dirname(dir);
    if (parent === dir) throw new Error(`rcx: no package.json above ${import.meta.dirname}`);
    dir = parent;
  }
  return dir;
})();
