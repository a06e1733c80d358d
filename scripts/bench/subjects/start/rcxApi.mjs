import { join } from 'node:path';
import { startMeter } from '../../meters.mjs';
import { sh } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

/** The library inside a Node process that is already running. */
export const rcxApi = defineSubject({
  name: 'rcx API, in-process',
  available: rcxLacking,
  async setup(scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} run --rm --network none ${bench.image.reference} true`;
    const meter = join(bench.root, 'scripts/bench/rcxMeter.mjs');
    return startMeter(scope, [process.execPath, meter, bench.image.reference], { env });
  },
});
