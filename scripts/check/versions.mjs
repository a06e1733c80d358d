#!/usr/bin/env node
// One version everywhere: package.json, package-lock.json, Cargo.toml and Cargo.lock; what is published takes it from package.json.
// And the release workflow builds what package.json says.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { targets } from '../lib/targets.mjs';

/**
 * @param {(file: string) => string} read
 * @param {import('../lib/targets.mjs').Target[]} wanted
 * @returns {string[]} what is out of step
 */
export function checkVersions(read, wanted) {
  const { version } = JSON.parse(read('package.json'));
  const lock = JSON.parse(read('package-lock.json'));
  const found = {
    'package-lock.json': lock.version,
    'package-lock.json, its package': lock.packages[''].version,
    'Cargo.toml': /^\[workspace\.package\]\nversion = "(.*)"$/m.exec(read('Cargo.toml'))?.[1],
  };
  for (const [, name, locked] of read('Cargo.lock').matchAll(/name = "(rcx-\w+)"\nversion = "(.*)"/g)) {
    found[`Cargo.lock, ${name}`] = locked;
  }
  const versions = Object.entries(found).filter(([, each]) => each !== version);
  const workflow = read('.github/workflows/release.yml');
  const built = [...workflow.matchAll(/name: (linux-\w+-\w+), triple: (\S+)/g)].map(
    ([, name, triple]) => `${name} ${triple}`,
  );
  const missing = wanted.map(({ name, triple }) => `${name} ${triple}`).filter((line) => !built.includes(line));
  return [
    ...versions.map(([place, each]) => `${place} has version ${each}, package.json ${version}`),
    ...missing.map((line) => `.github/workflows/release.yml does not build ${line}`),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkVersions((file) => readFileSync(file, 'utf8'), targets());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
