import { interrupted } from './interrupt.mjs';
import { sh } from './processes.mjs';
import { shuffled } from './stats.mjs';

/** So many files are changed. */
export const FILES = 2000;
/** Bytes of each. */
export const FILE_SIZE = 16 * 1024;

/** What a container does before it is committed: 2,000 files of a system's programs and libraries, as a build leaves them. */
export const CHANGE = [
  'sh',
  '-ec',
  `mkdir /srv/changed; cat /usr/lib/*/*.so* /usr/bin/* | head -c ${FILES * FILE_SIZE} | split -b ${FILE_SIZE} -a 4 - /srv/changed/f`,
];

/**
 * Has each subject commit a changed container and push the image, `runs` times after once to warm up, which also brings the
 * base image's layers to the registry.
 * @param {import('./subjects/subject.mjs').Subject[]} subjects `run` resolves to `{ commit, push }` in nanoseconds
 */
export async function measureCommit(subjects, { runs, say }) {
  let ready = [];
  const absent = [];
  const without = (subject, reason) => {
    ready = ready.filter((other) => other !== subject);
    absent.push({ name: subject.name, reason });
    say(`without ${subject.name}: ${reason}`);
  };
  const attempt = async (subject, step) => {
    try {
      return await step();
    } catch (error) {
      interrupted.throwIfAborted();
      without(subject, error.message);
    }
  };
  ready = subjects.filter((subject) => {
    const reason = subject.available();
    if (reason !== undefined) without(subject, reason);
    return reason === undefined;
  });
  for (const subject of ready) await attempt(subject, () => subject.setup());
  const samples = new Map(ready.map((subject) => [subject, []]));
  for (let round = -1; round < runs; round++) {
    say(round < 0 ? 'commit and push, once to warm up' : `commit and push, round ${round + 1} of ${runs}`);
    for (const subject of shuffled(ready)) {
      await sh`sync`;
      const sample = await attempt(subject, () => subject.run());
      if (round >= 0 && sample !== undefined) samples.get(subject).push(sample);
    }
  }
  const results = ready.map((subject) => {
    const all = samples.get(subject);
    const commit = all.map((sample) => sample.commit);
    const push = all.map((sample) => sample.push);
    return { name: subject.name, commit, push, samples: all.map((each) => each.commit + each.push) };
  });
  return { results, absent };
}
