import { basename } from 'node:path';
import { parseArgs } from 'node:util';

const START_RUNS = 50;
const PULL_RUNS = 3;

/**
 * @param {string[]} argv the process's; what stands before and including the script belongs to node and zx
 * @returns {{ start: boolean, pull: boolean, startRuns: number, pullRuns: number, json: string | undefined, build: boolean }}
 * @throws {Error} of one line that names the bad word
 */
export function parseOptions(argv) {
  const script = argv.findIndex((word) => basename(word) === 'bench.mjs');
  const { values } = parseArgs({
    args: argv.slice(script + 1),
    options: {
      only: { type: 'string' },
      runs: { type: 'string' },
      json: { type: 'string' },
      'no-build': { type: 'boolean' },
    },
  });
  if (values.only !== undefined && values.only !== 'start' && values.only !== 'pull') {
    throw new Error(`--only=${values.only}: there is start and pull`);
  }
  if (values.runs !== undefined && !/^[1-9]\d*$/.test(values.runs))
    throw new Error(`--runs ${values.runs}: not a number above 0`);
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  return {
    start: values.only !== 'pull',
    pull: values.only !== 'start',
    startRuns: runs ?? START_RUNS,
    pullRuns: runs ?? PULL_RUNS,
    json: values.json,
    build: !values['no-build'],
  };
}
