import { basename } from 'node:path';
import { parseArgs } from 'node:util';

/** What can be measured, in the order of the report, with how often unless asked otherwise. */
const RUNS = {
  start: 50,
  rootless: 30,
  exec: 50,
  parallel: 10,
  network: 30,
  throughput: 5,
  detached: 5,
  pull: 3,
  repull: 30,
  commit: 5,
};

/**
 * @param {string[]} argv the process's; what stands before and including the script belongs to node and zx
 * @returns {{ runs: Partial<Record<keyof typeof RUNS, number>>, json: string | undefined, build: boolean }} `runs` has what is
 *   to be measured
 * @throws {Error} of one line that names the bad word
 */
export function parseOptions(argv) {
  const script = argv.findIndex((word) => basename(word) === 'bench.mjs');
  const { values, positionals } = parseArgs({
    args: argv.slice(script + 1),
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      json: { type: 'string' },
      'no-build': { type: 'boolean' },
    },
  });
  for (const word of positionals)
    if (!Object.hasOwn(RUNS, word)) throw new Error(`${word}: there is ${Object.keys(RUNS).join(', ')}`);
  if (values.runs !== undefined && !/^[1-9]\d*$/.test(values.runs))
    throw new Error(`--runs ${values.runs}: not a number above 0`);
  const wanted = Object.entries(RUNS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
  return {
    runs: Object.fromEntries(wanted.map(([name, usual]) => [name, Number(values.runs ?? usual)])),
    json: values.json,
    build: !values['no-build'],
  };
}
