#!/usr/bin/env zx
// Times of rcx beside its peers, in one run: npm run bench -- [start] [rootless] [exec] [parallel] [network] [throughput] [detached] [pull] [repull] [commit] [--runs N] [--json FILE] [--no-build]
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chalk, fs } from 'zx';
import { measureCommit } from './bench/commit.mjs';
import { measureDetached } from './bench/detached.mjs';
import { mountFreshExt4, mountsLeft, mountTable } from './bench/filesystem.mjs';
import { provideImage } from './bench/images/images.mjs';
import { interrupted, interruptedExitCode, listenForSignals } from './bench/interrupt.mjs';
import { machineFacts } from './bench/machine.mjs';
import { compile } from './bench/meters.mjs';
import { parseOptions } from './bench/options.mjs';
import { providePrograms } from './bench/packages.mjs';
import { measureParallel } from './bench/parallel.mjs';
import { sh } from './bench/processes.mjs';
import { measurePull } from './bench/pull.mjs';
import { startRegistry } from './bench/registry.mjs';
import {
  commitReport,
  detachedReport,
  execReport,
  machineReport,
  networkReport,
  parallelReport,
  pullReport,
  repullReport,
  rootlessReport,
  startReport,
  throughputReport,
} from './bench/report.mjs';
import { withScope } from './bench/scope.mjs';
import { measureStart } from './bench/start.mjs';
import { commitSubjects } from './bench/subjects/commit/index.mjs';
import { detachedSubjects } from './bench/subjects/detached/index.mjs';
import { execSubjects } from './bench/subjects/exec/index.mjs';
import { networkSubjects } from './bench/subjects/network/index.mjs';
import { parallelSubjects } from './bench/subjects/parallel/index.mjs';
import { pullSubjects } from './bench/subjects/pull/index.mjs';
import { repullSubjects } from './bench/subjects/repull/index.mjs';
import { rootlessSubjects } from './bench/subjects/rootless/index.mjs';
import { startSubjects } from './bench/subjects/start/index.mjs';
import { throughputSubjects } from './bench/subjects/throughput/index.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, '.cache/bench');
// The report alone goes to stdout: npm run --silent bench > BENCH.md
const say = (text) => console.error(chalk.dim(`bench: ${text}`));

/** Subjects on a fresh filesystem of their own; each is torn down with the scope. */
async function onDisk(scope, definitions, bench) {
  const disk = join(bench.dir, 'disk');
  await mountFreshExt4(scope, { file: join(cache, 'disk.img'), mountPoint: disk });
  const subjects = definitions.map((define) => define({ ...bench, disk }));
  for (const subject of subjects) scope.defer(`tear ${subject.name} down`, () => subject.teardown());
  return subjects;
}

/** One command of each subject at a time, from its start to its exit. */
async function benchCommands(scope, definitions, bench, runs) {
  const image = await provideImage('base', bench);
  const stopwatch = await compile('spawn', bench);
  return measureStart(await onDisk(scope, definitions, { ...bench, image, stopwatch }), { runs, say });
}

async function benchParallel(scope, bench, runs) {
  const image = await provideImage('base', bench);
  return measureParallel(await onDisk(scope, parallelSubjects, { ...bench, image }), { runs, say });
}

async function benchDetached(scope, bench, runs) {
  const image = await provideImage('base', bench);
  const stopwatch = await compile('many', bench);
  return measureDetached(await onDisk(scope, detachedSubjects, { ...bench, image }), { stopwatch, runs, say });
}

async function benchCommit(scope, bench, runs) {
  const image = await provideImage('base', bench);
  const dir = join(bench.dir, 'pushed');
  await fs.ensureDir(dir);
  // What is pushed must not pile up in the registry that is kept.
  const { host: pushHost } = await startRegistry(scope, { storage: join(dir, 'storage'), dir });
  return measureCommit(await onDisk(scope, commitSubjects, { ...bench, image, pushHost }), { runs, say });
}

async function benchPull(bench, runs) {
  const image = await provideImage('large', bench);
  // The first to pull must not be the only one that reads the registry's files from the disk.
  await sh`find ${join(cache, 'registry')} -type f -exec cat {} + > /dev/null`;
  return { image: image.facts, ...(await measurePull(pullSubjects, { ...bench, image }, { runs, say })) };
}

async function bench({ runs }) {
  return withScope(async (scope) => {
    const dir = await fs.mkdtemp(join(tmpdir(), 'rcx-bench-'));
    scope.defer(`remove ${dir}`, () => fs.remove(dir));
    await fs.ensureDir(cache);
    const { host } = await startRegistry(scope, { storage: join(cache, 'registry'), dir });
    const context = { root, cache, dir, host, say };
    const report = { machine: await machineFacts() };
    const commands = (subjects, count) => withScope((inner) => benchCommands(inner, subjects, context, count));
    if (runs.start) report.start = await commands(startSubjects, runs.start);
    if (runs.rootless) report.rootless = await commands(rootlessSubjects, runs.rootless);
    if (runs.exec) report.exec = await commands(execSubjects, runs.exec);
    if (runs.parallel) report.parallel = await withScope((inner) => benchParallel(inner, context, runs.parallel));
    if (runs.network) report.network = await commands(networkSubjects, runs.network);
    if (runs.throughput) report.throughput = await commands(throughputSubjects, runs.throughput);
    if (runs.detached) report.detached = await withScope((inner) => benchDetached(inner, context, runs.detached));
    if (runs.pull) report.pull = await benchPull(context, runs.pull);
    if (runs.repull) report.repull = await commands(repullSubjects, runs.repull);
    if (runs.commit) report.commit = await withScope((inner) => benchCommit(inner, context, runs.commit));
    return report;
  });
}

async function main() {
  const options = parseOptions(process.argv);
  if (process.geteuid() !== 0) throw new Error('needs root: it mounts filesystems and starts dockerd');
  listenForSignals();
  await providePrograms(say);
  if (options.build) {
    say('building what is missing');
    await sh({ cwd: root })`npm run --silent build`.catch((error) => say(`the build failed: ${error.message}`));
  }
  const mounts = mountTable();
  const report = await bench(options).finally(() => {
    for (const line of mountsLeft(mounts, mountTable())) say(chalk.red(`mounted meanwhile and still so: ${line}`));
  });
  const file = resolve(options.json ?? join(cache, `${report.machine.date.replaceAll(':', '-')}.json`));
  await fs.outputJson(file, report, { spaces: 1 });
  const parts = [
    machineReport(report.machine),
    report.start && startReport(report.start),
    report.rootless && rootlessReport(report.rootless),
    report.exec && execReport(report.exec),
    report.parallel && parallelReport(report.parallel),
    report.network && networkReport(report.network),
    report.throughput && throughputReport(report.throughput),
    report.detached && detachedReport(report.detached),
    report.pull && pullReport(report.pull),
    report.repull && repullReport(report.repull),
    report.commit && commitReport(report.commit),
  ];
  console.log(`${parts.filter(Boolean).join('\n\n')}\n`);
  say(`raw samples: ${file}`);
}

await main().catch((error) => {
  say(chalk.red(interrupted.aborted ? interrupted.reason.message : error.message));
  process.exitCode = interruptedExitCode() ?? 1;
});
