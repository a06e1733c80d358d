import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from './interrupt.mjs';
import { shuffled } from './stats.mjs';

const WARM_UPS = 3;
/** Between two measurements, in ms: what a subject still does after its exit (docker's and podman's clean-up) is not the next one's. */
const PAUSE_MS = 50;

/** Sets the subjects up and proves each with one run; those that cannot are told with the reason. */
export async function prepareSubjects(subjects, say) {
  const ready = [];
  const absent = [];
  for (const subject of subjects) {
    try {
      const reason = subject.available();
      if (reason !== undefined) throw new Error(reason);
      say(`preparing ${subject.name}`);
      await subject.setup();
      await subject.run();
      ready.push(subject);
    } catch (error) {
      interrupted.throwIfAborted();
      absent.push({ name: subject.name, reason: error.message });
      say(`without ${subject.name}: ${error.message}`);
    }
  }
  return { ready, absent };
}

/**
 * Measures start → exit of each subject `runs` times: one measurement of every subject a round, in random order, so that
 * the machine's drift hits all alike.
 * @param {import('./subjects/subject.mjs').Subject[]} subjects
 * @returns {Promise<{ results: { name: string, samples: number[] }[], absent: { name: string, reason: string }[] }>}
 */
export async function measureStart(subjects, { runs, say }) {
  const { ready, absent } = await prepareSubjects(subjects, say);
  const samples = new Map(ready.map((subject) => [subject, []]));
  say(`measuring ${ready.length} subjects, ${runs} rounds after ${WARM_UPS} to warm up`);
  for (let round = -WARM_UPS; round < runs; round++) {
    for (const subject of shuffled(ready)) {
      const nanoseconds = await subject.run();
      if (round >= 0) samples.get(subject).push(nanoseconds);
      await sleep(PAUSE_MS, undefined, { signal: interrupted });
    }
  }
  return { results: ready.map((subject) => ({ name: subject.name, samples: samples.get(subject) })), absent };
}
