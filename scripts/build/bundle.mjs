import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** What all of `dist/` is built with: CommonJS, which every supported Node can import as well as require. */
export const BUNDLE = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.17',
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.dirname': '__dirname', RCX_VERSION: JSON.stringify(version) },
  minifyWhitespace: true,
  minifySyntax: true,
};
