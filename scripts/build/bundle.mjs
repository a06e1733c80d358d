/** What all of `dist/` is built with. */
export const BUNDLE = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.17',
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
};
