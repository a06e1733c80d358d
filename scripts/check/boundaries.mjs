#!/usr/bin/env node
// The import directions: cli -> ts -> crates/node -> crates/core, crates/runtime -> crates/core. Exits 1 and names each
// import that goes another way.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ file: string, line: number, specifier: string, rule: string }} Violation
 * @typedef {{ from: string, to: string, bare: boolean }} Import  `to` is a path from the root, or a package's name
 * @typedef {{ says: string, broken: (edge: Import) => boolean }} Rule
 */

const OCI_MODULES = ['node:crypto', 'node:buffer'];

const inside = (folder) => (path) => path.startsWith(`${folder}/`);
const inTs = inside('ts');
const inCli = inside('cli');
const inOci = inside('ts/oci');
const inNative = inside('ts/native');

/** @type {(dependencies: string[]) => Rule[]} */
const rules = (dependencies) => [
  {
    says: 'ts/oci is pure: it imports ts/oci, ts/errors.ts, node:crypto and node:buffer only',
    broken: ({ from, to, bare }) =>
      inOci(from) && !(bare ? OCI_MODULES.includes(to) : inOci(to) || to === 'ts/errors.ts'),
  },
  {
    says: 'ts imports from ts only (cli depends on ts, never the reverse)',
    broken: ({ from, to, bare }) => inTs(from) && !bare && !inTs(to) && !(inNative(from) && inside('native')(to)),
  },
  {
    says: 'only ts/native loads the addon',
    broken: ({ from, to }) => !inNative(from) && (inside('native')(to) || to.endsWith('.node')),
  },
  {
    says: 'cli imports from cli and the library only, never the addon',
    broken: ({ from, to, bare }) => inCli(from) && !bare && (!(inCli(to) || inTs(to)) || inNative(to)),
  },
  {
    says: 'packages that are imported are dependencies in package.json',
    broken: ({ to, bare }) => bare && !isBuiltin(to) && !dependencies.includes(packageOf(to)),
  },
  {
    says: "Node's own modules are imported as node:NAME",
    broken: ({ to, bare }) => bare && isBuiltin(to) && !to.startsWith('node:'),
  },
];

/**
 * Checks the TypeScript files below `root`/ts and `root`/cli.
 *
 * @param {string} root
 * @returns {Violation[]}
 */
export function checkImports(root) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const all = rules(Object.keys(dependencies));
  return ['ts', 'cli']
    .flatMap((folder) => sourcesBelow(join(root, folder)))
    .flatMap((path) => {
      const from = relative(root, path);
      return importsOf(readFileSync(path, 'utf8')).flatMap(({ specifier, line }) => {
        const bare = !specifier.startsWith('.');
        const to = bare ? specifier : relative(root, resolve(path, '..', specifier));
        const broken = all.filter((rule) => rule.broken({ from, to, bare }));
        return broken.map((rule) => ({ file: from, line, specifier, rule: rule.says }));
      });
    });
}

/**
 * Checks the crates' declared dependencies.
 *
 * @param {{ name: string, dependencies: { name: string }[] }[]} packages as `cargo metadata` lists them
 * @returns {Violation[]}
 */
export function checkCrates(packages) {
  const allowed = { 'rcx-core': [], 'rcx-node': ['rcx-core'], 'rcx-runtime': ['rcx-core'] };
  return packages.flatMap(({ name, dependencies }) =>
    dependencies
      .filter((dependency) => {
        if (dependency.name.startsWith('rcx-')) return !(allowed[name] ?? []).includes(dependency.name);
        return dependency.name.startsWith('napi') && name !== 'rcx-node';
      })
      .map((dependency) => ({
        file: `${name} (Cargo.toml)`,
        line: 1,
        specifier: dependency.name,
        rule: 'crates/node and crates/runtime depend on crates/core, which depends on neither; only crates/node knows napi',
      })),
  );
}

/**
 * Every module a source names, type imports included: those bind just as well.
 *
 * @param {string} source
 * @returns {{ specifier: string, line: number }[]}
 */
export function importsOf(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));
  // Neither `Buffer.from('…')` nor the string 'import'.
  const pattern = /(?<![.'"])\b(?:from|import|require|import\.meta\.resolve)\s*\(?\s*(['"])([^'"\n]+)\1/g;
  return [...code.matchAll(pattern)].map((match) => ({
    specifier: match[2],
    line: code.slice(0, match.index).split('\n').length,
  }));
}

function sourcesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** `@scope/name/deep` → `@scope/name`. */
function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(import.meta.dirname, '../..');
  const metadata = execFileSync('cargo', ['metadata', '--no-deps', '--format-version', '1'], {
    cwd: root,
    encoding: 'utf8',
  });
  const violations = [...checkImports(root), ...checkCrates(JSON.parse(metadata).packages)];
  for (const { file, line, specifier, rule } of violations)
    console.error(`${file}:${line}: imports ${specifier}: ${rule}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
