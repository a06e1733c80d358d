import { interrupted } from './interrupt.mjs';
import { prepareSubjects } from './start.mjs';
import { shuffled } from './stats.mjs';

/** So many containers run at once. */
export const WIDTHS = [1, 16, 64];

/**
 * Has each subject run `runs` times as many containers as run at once, one width after the other, all subjects in turn.
 * @param {import('./subjects/subject.mjs').Subject[]} subjects `run` gives a function of a line that answers with one
 * @returns {Promise<{ results: { name: string, widths: { atOnce: number, samples: number[], wall: number, total: number, blocked?: number }[] }[], absent: object[] }>}
 */
export async function measureParallel(subjects, { runs, say }) {
  const { ready, absent } = await prepareSubjects(subjects, say);
  const results = ready.map((subject) => ({ subject, name: subject.name, widths: [] }));
  for (const atOnce of WIDTHS) {
    // A single one at a time gives few samples in the same number of rounds.
    const total = Math.max(atOnce * runs, 10 * runs);
    for (const { subject, name, widths } of shuffled(results)) {
      say(`${total} containers, ${atOnce} at once: ${name}`);
      interrupted.throwIfAborted();
      const measured = await subject.run({ atOnce, total });
      widths.push({ atOnce, total, ...measured });
    }
  }
  return { results: results.map(({ subject: _, ...result }) => result), absent };
}
