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
 * the memory of the process that stays with each. `stopwatch` is many.c, compiled.
 * @param {import('./subjects/subject.mjs').Subject[]} subjects `run` gives a {@link import('./subjects/detached/index.mjs').Detached}
 * @returns {Promise<{ results: { name: string, samples: number[], memory: number[] }[], absent: object[] }>} nanoseconds; bytes
 */
export async function measureDetached(subjects, { stopwatch, runs, say }) {
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
      const { nanoseconds, bytes } = await startMany(stopwatch, result.subject.run());
      if (round < 0) continue;
      result.samples.push(nanoseconds);
      result.memory.push(bytes);
    }
  }
  return { results: results.map(({ subject: _, ...result }) => result), absent };
}

/** @param {import('./subjects/detached/index.mjs').Detached} subject */
async function startMany(stopwatch, { start, remove: [remover, ...words], env, isMonitor }) {
  const options = { env, extendEnv: false, cancelSignal: interrupted, reject: false };
  const run = await execa(stopwatch, [`${AT_ONCE}`, ...start], options);
  const lines = run.stdout.split('\n');
  const ids = lines.filter((line) => /^[0-9a-f]{64}$/.test(line));
  try {
    if (run.failed) throw new Error(run.shortMessage, { cause: run.stderr });
    if (ids.length !== AT_ONCE) throw new Error(`${start.join(' ')}: ${ids.length} ids of ${AT_ONCE}`);
    await sleep(SETTLE_MS, undefined, { signal: interrupted });
    const monitors = processes().filter(({ words: said }) => isMonitor(said));
    return { nanoseconds: Number(lines.at(-1)), bytes: median(monitors.map(({ pid }) => privateMemory(pid))) };
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
