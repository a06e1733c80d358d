import { join } from 'node:path';
import { mountFreshExt4 } from './filesystem.mjs';
import { interrupted } from './interrupt.mjs';
import { sh, timeProgram } from './processes.mjs';
import { withScope } from './scope.mjs';
import { shuffled } from './stats.mjs';

/** One pull on a filesystem of its own: nanoseconds until the command ended, and until its files were on the disk as well. */
async function measureOnce(define, bench) {
  return withScope(async (scope) => {
    const disk = join(bench.dir, 'disk');
    await mountFreshExt4(scope, { file: join(bench.cache, 'disk.img'), mountPoint: disk });
    const subject = define({ ...bench, disk });
    scope.defer(`tear ${subject.name} down`, () => subject.teardown());
    await subject.setup();
    await sh`sync`;
    const pulled = await subject.run();
    return { pulled, onDisk: pulled + (await timeProgram(['sync', '--file-system', disk])) };
  });
}

/**
 * Pulls the large image `runs` times with each subject, one of every subject a round, in random order.
 * @param {((bench: object) => import('./subjects/subject.mjs').Subject)[]} definitions
 */
export async function measurePull(definitions, bench, { runs, say }) {
  const entries = definitions.map((define) => ({ define, name: define(bench).name, samples: [], onDisk: [] }));
  const absent = [];
  const without = (entry, reason) => {
    absent.push({ name: entry.name, reason });
    say(`without ${entry.name}: ${reason}`);
  };
  let ready = entries.filter((entry) => {
    const reason = entry.define(bench).available();
    if (reason !== undefined) without(entry, reason);
    return reason === undefined;
  });
  for (let round = 0; round < runs; round++) {
    say(`pull, round ${round + 1} of ${runs}`);
    for (const entry of shuffled(ready)) {
      try {
        const { pulled, onDisk } = await measureOnce(entry.define, bench);
        entry.samples.push(pulled);
        entry.onDisk.push(onDisk);
        say(`${entry.name} ${(pulled / 1e9).toFixed(2)} s`);
      } catch (error) {
        interrupted.throwIfAborted();
        ready = ready.filter((other) => other !== entry);
        without(entry, error.message);
      }
    }
  }
  return { results: ready.map(({ name, samples, onDisk }) => ({ name, samples, onDisk })), absent };
}
