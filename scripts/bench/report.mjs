import { FILE_SIZE, FILES } from './commit.mjs';
import { AT_ONCE } from './detached.mjs';
import { median, percentile } from './stats.mjs';
import { WAYS } from './subjects/throughput/index.mjs';

const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(nanoseconds < 1e7 ? 2 : 1);
const seconds = (nanoseconds) => (nanoseconds / 1e9).toFixed(2);
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** How many times the reference's median; a dash where the reference was not measured. */
function ratio(samples, reference) {
  return reference === undefined ? '–' : `${(median(samples) / median(reference.samples)).toFixed(2)} ×`;
}

/** The paragraphs of a section, and what is not in its table with the reason. */
function section(title, paragraphs, absent) {
  const list = absent.map(({ name, reason }) => `- not measured: ${name}: ${reason.replaceAll(/\s+/g, ' ')}`);
  return [title, ...paragraphs, ...(list.length > 0 ? [list.join('\n')] : [])].join('\n\n');
}

/** @param {{ results: { name: string, samples: number[] }[], absent: { name: string, reason: string }[] }} start */
export function startReport({ results, absent }) {
  const api = results.find((result) => result.name.startsWith('rcx API'));
  const cli = results.find((result) => result.name.startsWith('`rcx run'));
  const rows = results.map(({ name, samples }) => [
    name,
    samples.length,
    ms(median(samples)),
    ms(percentile(samples, 0.95)),
    ratio(samples, api),
    ratio(samples, cli),
  ]);
  const head = ['start → exit of `true`, no network', 'runs', 'median ms', 'p95 ms', 'to rcx API', 'to rcx CLI'];
  return section('### Start', [table(head, rows)], absent);
}

/** @param {{ results: object[], absent: object[], image: object }} pull `image` is what images.mjs knows of the large image */
export function pullReport({ results, absent, image }) {
  const rcx = results.find((result) => result.name === '`rcx pull`');
  const rows = results.map(({ name, samples, onDisk }) => [
    name,
    samples.length,
    seconds(median(samples)),
    `${seconds(Math.min(...samples))}–${seconds(Math.max(...samples))}`,
    ratio(samples, rcx),
    seconds(median(onDisk)),
  ]);
  const head = ['pull and unpack', 'runs', 'median s', 'range s', 'to rcx', 's until synced'];
  const facts =
    `${image.layers.length} layers, ${megabytes(image.compressedBytes)} compressed (the largest ${megabytes(Math.max(...image.layers))}), ` +
    `${megabytes(image.unpackedBytes)} and ${image.entries} files unpacked; registry on loopback, a fresh ext4 for every pull.`;
  return section('### Pull', [facts, table(head, rows)], absent);
}

/** @param {{ results: { name: string, samples: number[] }[], absent: object[] }} repull */
export function repullReport(repull) {
  return overNodeReport('### Pull again', 'pull of an image that is up to date', '`rcx pull`', repull);
}

/** @param {{ results: { name: string, samples: number[] }[], absent: object[] }} exec */
export function execReport(exec) {
  return overNodeReport('### Exec', '`true` in a container that runs', '`rcx exec`', exec);
}

/** @param {{ results: object[], absent: object[] }} parallel as of parallel.mjs */
export function parallelReport({ results, absent }) {
  const own = (atOnce) => results[0]?.widths.find((width) => width.atOnce === atOnce);
  const rows = results.flatMap(({ name, widths }) =>
    widths.map(({ atOnce, samples, wall, total }) => [
      name,
      atOnce,
      total,
      ms(median(samples)),
      ms(percentile(samples, 0.99)),
      (total / (wall / 1e9)).toFixed(total / (wall / 1e9) < 10 ? 1 : 0),
      ratio(samples, own(atOnce)),
    ]),
  );
  const head = ['start → exit of `true`, no network', 'at once', 'in all', 'p50 ms', 'p99 ms', 'a second', 'to rcx'];
  const still = results[0]?.widths.map(({ atOnce, blocked }) => `${ms(blocked)} ms at ${atOnce}`).join(', ');
  const loop = `Event loop of the process that uses rcx, p99 of its delay beside a timer of 1 ms: ${still}.`;
  return section('### In parallel', [table(head, rows), loop], absent);
}

/** @param {{ results: { name: string, samples: number[] }[], absent: object[] }} rootless */
export function rootlessReport(rootless) {
  const head = 'start → exit of `true`, root and ordinary users';
  return overNodeReport('### Start without root', head, '`rcx run --rm --network none`', rootless);
}

/** @param {{ results: { name: string, samples: number[] }[], absent: object[] }} network */
export function networkReport(network) {
  return overNodeReport('### Start on a network', 'start → exit of `true`, default network', '`rcx run --rm`', network);
}

/** @param {{ results: { name: string, samples: number[][] }[], absent: object[] }} throughput a figure for each way */
export function throughputReport({ results, absent }) {
  const gigabits = (samples, way) => (median(samples.map((sample) => sample[way])) / 1e9).toFixed(1);
  const rows = results.map(({ name, samples }) => [
    name,
    samples.length,
    ...WAYS.map((_, way) => gigabits(samples, way)),
  ]);
  const head = ['Gbit/s by one TCP connection', 'runs', ...WAYS];
  return section('### Throughput', [table(head, rows)], absent);
}

/** Commands beside what every command line written for Node pays. */
function overNodeReport(title, what, own, { results, absent }) {
  const rcx = results.find((result) => result.name === own);
  const node = results.find((result) => result.name === '`node -e 0`');
  const rows = results.map(({ name, samples }) => [
    name,
    samples.length,
    ms(median(samples)),
    ms(percentile(samples, 0.95)),
    ratio(samples, rcx),
    node === undefined ? '–' : ms(median(samples) - median(node.samples)),
  ]);
  const head = [what, 'runs', 'median ms', 'p95 ms', 'to rcx', 'ms over `node -e 0`'];
  return section(title, [table(head, rows)], absent);
}

/** @param {{ results: { name: string, samples: number[], memory: number[] }[], absent: object[] }} detached */
export function detachedReport({ results, absent }) {
  const rcx = results.find((result) => result.name === '`rcx run -d`');
  const rows = results.map(({ name, samples, memory }) => [
    name,
    samples.length,
    seconds(median(samples)),
    `${seconds(Math.min(...samples))}–${seconds(Math.max(...samples))}`,
    ratio(samples, rcx),
    `${(median(memory) / 2 ** 20).toFixed(2)} MiB`,
  ]);
  const head = [`${AT_ONCE} at once, no network`, 'runs', 'median s', 'range s', 'to rcx', 'memory of each monitor'];
  const facts =
    'Until all have printed their id. The memory is what the process that stays with each container has to itself: rcx-monitor, ' +
    'containerd-shim, conmon. What docker’s daemon has besides is not in it.';
  return section('### Start in the background', [facts, table(head, rows)], absent);
}

/** @param {{ results: { name: string, commit: number[], push: number[], samples: number[] }[], absent: object[] }} commit */
export function commitReport({ results, absent }) {
  const rcx = results.find((result) => result.name === '`rcx`');
  const rows = results.map(({ name, commit, push, samples }) => [
    name,
    samples.length,
    seconds(median(commit)),
    seconds(median(push)),
    seconds(median(samples)),
    ratio(samples, rcx),
  ]);
  const head = ['commit and push', 'runs', 'commit s', 'push s', 'both s', 'to rcx'];
  const facts = `Medians; ${FILES} changed files of ${FILE_SIZE / 1024} KiB each, to a registry on loopback that has the other layers.`;
  return section('### Commit and push', [facts, table(head, rows)], absent);
}

/** @param {Awaited<ReturnType<import('./machine.mjs').machineFacts>>} facts */
export function machineReport({ date, cpu, cores, memoryBytes, load, kernel, distribution, rcx, versions }) {
  const listed = Object.entries(versions).map(([name, said]) => `${name} ${/\d+\.\d[^\s,)]*/.exec(said)?.[0] ?? said}`);
  return [
    `## rcx ${rcx}, ${date.slice(0, 10)}`,
    `${cpu}, ${cores} cores, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, load ${load.toFixed(1)} before; ${kernel}; ${distribution}.`,
    `${listed.join(', ')}.`,
  ].join('\n\n');
}
