import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MUTANTS } from '../../../scripts/mutants/list.mjs';

const root = new URL('../../../', import.meta.url);
const read = (file) => readFileSync(new URL(file, root), 'utf8');

/** The table of docs/security.md: advisories, what they were, what is done about them, tests. */
const section = read('docs/security.md').split('## Advisories')[1].split('\n## ')[0];
const rows = section
  .split('\n')
  .filter((line) => /^\| (?!advisory|-)/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const files = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, file]) => file);
const numbers = (text) => text.match(/CVE-\d{4}-\d+/g) ?? [];
const attacks = readdirSync(new URL('test/security', root)).filter((name) => name.startsWith('cve-'));

it('the table of advisories has a test that exists, or says why there is none', () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const [advisory, , , test] of rows) {
    if (test === 'not applicable') continue;
    expect(files(test).length, advisory).toBeGreaterThan(0);
    for (const file of files(test)) expect(existsSync(new URL(file, root)), file).toBe(true);
  }
});

it('every test of an advisory is in the table, in the row of its advisory', () => {
  expect(attacks.length).toBeGreaterThan(15);
  for (const name of attacks) {
    const number = /^cve-\d{4}-\d+/.exec(name)[0].toUpperCase();
    const row = rows.find(([, , , test]) => files(test).includes(`test/security/${name}`));
    expect(numbers(row?.[0] ?? ''), name).toContain(number);
  }
});

it('every test of an advisory has a mutant that it has to notice', () => {
  const noticed = new Set(MUTANTS.flatMap(({ tests }) => tests));
  expect(attacks.filter((name) => !noticed.has(`test/security/${name}`))).toEqual([]);
});

it('every file of the sources that the table names is there', () => {
  const places = ['', 'crates/core/src/', 'ts/container/', 'ts/registry/'];
  const named = rows.flatMap(([, , here]) => files(here)).filter((file) => /\.(rs|ts)$/.test(file));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !places.some((place) => existsSync(new URL(place + file, root))))).toEqual([]);
});
