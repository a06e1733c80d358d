import { join } from 'node:path';
import { sh, startMeter } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

/** The library inside a Node process that is already running. */
export const rcxApi = defineSubject({
  name: 'rcx API, in-process',
  available: rcxLacking,
  async setup(scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} pull --quiet ${bench.image.reference}`;
    const meter = startMeter(
      [process.execPath, join(bench.root, 'scripts/bench/rcxMeter.mjs'), bench.image.reference],
      { env },
    );
    scope.defer('end the meter', () => meter.stop());
    return () => meter.ask();
  },
});
