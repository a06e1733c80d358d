import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { interrupted } from './interrupt.mjs';
import { median, shuffled } from './stats.mjs';

/** So many containers are started at once. */
export const AT_ONCE = 32;
/** After the last has started, in ms: what the monitors had to do for it is done. */
const SETTLE_MS = 500;

/**
 * Has each subject start {@link AT_ONCE} containers at once in the background, `runs` times after once to warm up, and looks at
 * the memory of the process that stays with each.
 * @param {import('./subjects/subject.mjs').Subject[]} subjects `run` gives a {@link import('./subjects/detached/index.mjs').Detached}
 * @returns {Promise<{ results: { name: string, samples: number[], memory: number[] }[], absent: object[] }>} nanoseconds; bytes
 */
export async function measureDetached(subjects, { runs, say }) {
  const results = [];
  const absent = [];
  for (const subject of subjects) {
    try {
      const reason = subject.available();
      if (reason !== undefined) throw new Error(reason);
      say(`preparing ${subject.name}`);
      await subject.setup();
      results.push({ subject, name: subject.name, samples: [], memory: [] });
    } catch (error) {
      interrupted.throwIfAborted();
      absent.push({ name: subject.name, reason: error.message });
      say(`without ${subject.name}: ${error.message}`);
    }
  }
  for (let round = -1; round < runs; round++) {
    say(
      round < 0
        ? `${AT_ONCE} containers at once, to warm up`
        : `${AT_ONCE} containers at once, round ${round + 1} of ${runs}`,
    );
    for (const result of shuffled(results)) {
      const { nanoseconds, bytes } = await startMany(result.subject.run());
      if (round < 0) continue;
      result.samples.push(nanoseconds);
      result.memory.push(bytes);
    }
  }
  return { results: results.map(({ subject: _, ...result }) => result), absent };
}

/** @param {import('./subjects/detached/index.mjs').Detached} subject */
async function startMany({ start: [program, ...args], remove: [remover, ...words], env, isMonitor }) {
  const options = { env, extendEnv: false, cancelSignal: interrupted };
  const begin = process.hrtime.bigint();
  const started = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => execa(program, args, options)));
  const nanoseconds = Number(process.hrtime.bigint() - begin);
  const ids = started.flatMap(({ value }) => (value === undefined ? [] : [value.stdout.trim()]));
  try {
    const failed = started.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw new Error(failed.reason.shortMessage);
    await sleep(SETTLE_MS, undefined, { signal: interrupted });
    const monitors = processes().filter(({ words: said }) => isMonitor(said));
    return { nanoseconds, bytes: median(monitors.map(({ pid }) => privateMemory(pid))) };
  } finally {
    if (ids.length > 0) await execa(remover, [...words, ...ids], { env, extendEnv: false });
  }
}

function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [{ pid, words: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0') }];
      } catch {
        // It has ended.
        return [];
      }
    });
}

/** Bytes that the end of the process would give back, proc_pid_smaps(5). */
function privateMemory(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].map(([, number]) => Number(number));
  return kilobytes.reduce((sum, each) => sum + each, 0) * 1024;
}
