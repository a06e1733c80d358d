import { build } from 'esbuild';
import { BUNDLE } from './bundle.mjs';
import { apartIn, lazyModules } from './plugins.mjs';

/** Commands that a container's start or a process in it waits for. */
export const QUICK_COMMANDS = ['exec', 'run'];

const COMMON = {
  ...BUNDLE,
  // Code that comes out of a cache of compiled code cannot import: node:vm gives it no loader.
  supported: { 'dynamic-import': false },
  // V8 takes such a file as it is; see bin/compiled.js.
  charset: 'ascii',
};

/**
 * One CommonJS file: Node's loader of ES modules takes several milliseconds to start and about one for each file, which is
 * as long as a container takes. Modules that are imported dynamically are still evaluated only when they are needed.
 *
 * Node reads all of a file at every start, and V8 all of its compiled code. So the commands whose start is waited for have a file
 * each, `commands/NAME.cjs`, with nothing in it of the others.
 *
 * @returns {Promise<import('esbuild').Metafile[]>} what was written, and of what
 */
export async function buildCommandLine() {
  const main = bundle({ entryPoints: { main: 'cli/main.ts' } }, '.');
  const quick = QUICK_COMMANDS.map((name) =>
    bundle(
      {
        outdir: undefined,
        outfile: `dist/commands/${name}.cjs`,
        outExtension: undefined,
        stdin: { contents: commandAlone(name), resolveDir: 'cli', sourcefile: `${name}.mjs` },
      },
      '..',
    ),
  );
  const built = await Promise.all([main, ...quick]);
  return built.map(({ metafile }) => metafile);
}

function bundle(entry, apart) {
  return build({ ...COMMON, ...entry, plugins: [lazyModules, apartIn(apart)] });
}

/** The program with one command in it. */
function commandAlone(name) {
  return `import * as command from './commands/${name}.ts';
import { main } from './program.ts';
void main(process.argv.slice(2), [{ name: '${name}', load: async () => command }]);`;
}
