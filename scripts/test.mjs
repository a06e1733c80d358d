#!/usr/bin/env zx
// Runs every test and ends with one line of totals. Names of suites restrict it: cargo, unit, integration, security, e2e; ranges and
// single, those end-to-end tests that are run for ordinary users as well; package, what is published; vm.
import { $, argv, chalk, fs, tmpdir } from 'zx';
import { add, cargoCounts, isSuccess, NONE, summaryLine, vitestCounts, vitestSkipped } from './lib/testResults.mjs';

const VITEST_PROJECTS = ['unit', 'integration', 'security', 'e2e', 'ranges', 'single', 'package', 'vm'];
const SUITES = ['cargo', ...VITEST_PROJECTS];

const say = (text) => console.log(chalk.dim(`test: ${text}`));

async function runCargo() {
  say('cargo test');
  const env = { ...process.env, CARGO_TERM_COLOR: process.stdout.isTTY ? 'always' : 'never' };
  const result = await $({ nothrow: true, verbose: true, env })`cargo test --workspace --no-fail-fast`;
  return cargoCounts(result.stdout, result.exitCode);
}

/** One run a project: a crash of one leaves the others' results. */
async function runVitest(project, folder) {
  say(`vitest, project ${project}`);
  const report = `${folder}/${project}.json`;
  const result = await $({
    nothrow: true,
    stdio: 'inherit',
  })`vitest run --project ${project} --reporter=default --reporter=json --outputFile.json=${report}`;
  const json = (await fs.pathExists(report)) ? await fs.readFile(report, 'utf8') : undefined;
  for (const name of vitestSkipped(json)) say(`skipped: ${name}`);
  return vitestCounts(json, result.exitCode);
}

async function runSuites(suites) {
  const folder = tmpdir();
  let total = { ...NONE };
  for (const suite of suites) total = add(total, await (suite === 'cargo' ? runCargo() : runVitest(suite, folder)));
  await fs.remove(folder);
  return total;
}

const asked = argv._.map(String);
const unknown = asked.filter((suite) => !SUITES.includes(suite));
if (unknown.length > 0) throw new Error(`unknown suite ${unknown.join(', ')}: there is ${SUITES.join(', ')}`);

await $({ stdio: 'inherit' })`zx scripts/build.mjs`;
const total = await runSuites(asked.length > 0 ? asked : SUITES);
console.log(summaryLine(total));
process.exitCode = isSuccess(total) ? 0 : 1;
