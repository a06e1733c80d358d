import { mkdirSync, mkdtempSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../ts/native/index.ts';

/**
 * Makes a program of a TypeScript file that Node 20 can run in a process of its own. It lies inside the package, as rcx
 * finds its addon and its worker from where it is.
 */
export async function bundleProgram(entry: string): Promise<string> {
  const cache = join(packageRoot, '.cache');
  mkdirSync(cache, { recursive: true });
  const outfile = join(mkdtempSync(join(cache, 'test-')), basename(entry).replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [join(packageRoot, entry)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.17',
    logLevel: 'warning',
  });
  return outfile;
}
