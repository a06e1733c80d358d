import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkVersions } from '../../../scripts/check/versions.mjs';
import { targets } from '../../../scripts/lib/targets.mjs';

const real = (file) => readFileSync(file, 'utf8');
/** The checkout with one file changed. */
const changed = (name, from, to) => (file) => {
  const text = real(file);
  if (file !== name) return text;
  expect(text).toMatch(from);
  return text.replace(from, to);
};

describe('checkVersions', () => {
  it('accepts the checkout', () => {
    expect(checkVersions(real, targets())).toEqual([]);
  });

  it.each([
    ['package-lock.json', /"version": "[^"]+"/, '"version": "9.8.7"', 'package-lock.json has version 9.8.7'],
    ['Cargo.toml', /version = "[^"]+"/, 'version = "9.8.7"', 'Cargo.toml has version 9.8.7'],
    ['Cargo.lock', /(name = "rcx-core"\nversion = ").*"/, '$19.8.7"', 'Cargo.lock, rcx-core has version'],
    ['.github/workflows/release.yml', 'aarch64-unknown-linux-musl }', 'other }', 'does not build linux-arm64-musl'],
  ])('finds %s out of step', (file, from, to, problem) => {
    expect(checkVersions(changed(file, from, to), targets())).toEqual([expect.stringContaining(problem)]);
  });
});
