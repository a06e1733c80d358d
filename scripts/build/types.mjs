import { fs, path } from 'zx';
import { LIBRARY } from './library.mjs';

const EMITTED = 'dist/emitted';
const TYPES = 'dist/types';
const RELATIVE = /((?:from|import)\s*\(?\s*['"])(\.[^'"]+?)(?:\.d)?\.ts(['"])/g;

/**
 * The declarations that the entries lead to. The implementation is CommonJS, and so are they; each entry has one file for `import` and
 * one for `require` that pass them on.
 */
export async function collectTypes() {
  await fs.remove(TYPES);
  const pending = Object.values(LIBRARY).map((source) => source.replace(/\.ts$/, '.d.ts'));
  const seen = new Set(pending);
  for (const file of pending) {
    const source = file === 'native/index.d.ts' ? file : path.join(EMITTED, file);
    const text = await fs.readFile(source, 'utf8');
    for (const [, , to] of text.matchAll(RELATIVE)) {
      const next = path.join(path.dirname(file), `${to}.d.ts`);
      if (!seen.has(next)) pending.push(next);
      seen.add(next);
    }
    await fs.outputFile(path.join(TYPES, file), text.replace(RELATIVE, '$1$2.js$3'));
  }
  await fs.outputJson(path.join(TYPES, 'package.json'), { type: 'commonjs' });
  for (const [entry, source] of Object.entries(LIBRARY)) {
    const text = `export * from './types/${source.replace(/\.ts$/, '.js')}';\n`;
    for (const extension of ['d.mts', 'd.cts']) await fs.outputFile(`dist/${entry}.${extension}`, text);
  }
  await fs.remove(EMITTED);
}
