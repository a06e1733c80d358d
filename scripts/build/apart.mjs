import { build } from 'esbuild';
import { BUNDLE } from './bundle.mjs';

/** Of tar only what writes headers: the rest of it would be ten times as much. */
const ENTRIES = {
  execa: "export { execa } from 'execa';",
  tar: "export { Header, Pax } from 'tar';",
};

/**
 * Packages that few calls need, a file each.
 *
 * @returns {Promise<import('esbuild').Metafile[]>} what was written, and of what
 */
export async function buildApart() {
  const built = await Promise.all(
    Object.entries(ENTRIES).map(([name, contents]) =>
      build({
        ...BUNDLE,
        outdir: undefined,
        outExtension: undefined,
        outfile: `dist/${name}.cjs`,
        stdin: { contents, resolveDir: '.', sourcefile: `${name}.mjs` },
      }),
    ),
  );
  return built.map(({ metafile }) => metafile);
}
