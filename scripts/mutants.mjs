#!/usr/bin/env zx
// Whether the tests of the advisories can fail: takes one defence away at a time, in a copy of the checkout, and expects the
// tests that are named for it to notice. Ends with 1 when one does not.
// zx scripts/mutants.mjs [--list] [--only=NAME,NAME]
import { $, argv, chalk } from 'zx';
import { misfits, mutated } from './mutants/edits.mjs';
import { MUTANTS } from './mutants/list.mjs';
import { verdictOf } from './mutants/verdict.mjs';
import { openWorkshop } from './mutants/workshop.mjs';

const say = (text) => console.error(chalk.dim(`mutants: ${text}`));

function chosen() {
  if (argv.only === undefined) return MUTANTS;
  const names = String(argv.only).split(',');
  const unknown = names.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown.length > 0) throw new Error(`unknown mutant ${unknown.join(', ')}; see: npm run test:mutants -- --list`);
  return MUTANTS.filter((mutant) => names.includes(mutant.name));
}

/** What passes without any mutant can be noticed to fail; the rest proves nothing. */
async function expectSound(workshop, mutants) {
  const files = [...new Set(mutants.flatMap(({ tests }) => tests))];
  say(`build without a mutant, and run ${files.length} files of tests`);
  await workshop.with(new Map(), async ({ ok, output }) => {
    if (!ok) throw new Error(`the checkout itself does not build\n${output}`);
    const json = await workshop.test(files);
    const results = files.map((file) => ({ file, ...verdictOf(json, [file], workshop.root) }));
    const reasons = results
      .filter(({ verdict }) => verdict !== 'survived')
      .map(({ file, because }) => `${file}: ${because}`);
    if (reasons.length > 0) throw new Error(`tests fail without any mutant:\n${reasons.join('\n')}`);
  });
}

async function tried(workshop, mutant) {
  const read = (file) => workshop.read(file);
  const wrong = misfits(mutant, read);
  if (wrong.length > 0) return { verdict: 'no longer applies', because: wrong.join('; ') };
  return await workshop.with(mutated(mutant, read), async ({ ok, output }) => {
    if (!ok) return { verdict: 'does not build', because: output };
    const json = await workshop.test(mutant.tests, mutant.only);
    return verdictOf(json, mutant.tests, workshop.root);
  });
}

function table(rows) {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const seconds = (since) => Math.round((Date.now() - since) / 1000);

async function main() {
  const mutants = chosen();
  if (argv.list) {
    console.log(
      table([
        ['MUTANT', 'ADVISORY', 'TESTS'],
        ...mutants.map(({ name, advisory, tests }) => [name, advisory, tests.join(' ')]),
      ]),
    );
    return;
  }
  const begin = Date.now();
  const workshop = await openWorkshop();
  await expectSound(workshop, mutants);
  const rows = [];
  for (const mutant of mutants) {
    const since = Date.now();
    const { verdict, because } = await tried(workshop, mutant);
    say(`${mutant.name}: ${verdict} (${seconds(since)} s)`);
    rows.push([mutant.name, mutant.advisory, verdict, because.trim()]);
  }
  console.log(table([['MUTANT', 'ADVISORY', 'VERDICT', 'BY'], ...rows]));
  const killed = rows.filter(([, , verdict]) => verdict === 'killed').length;
  console.log(`${killed} of ${rows.length} mutants killed in ${seconds(begin)} s`);
  process.exitCode = killed === rows.length ? 0 : 1;
}

$.verbose = false;
await main();
