import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, waitUntil } from './processes.ts';

/** Ends what keeps an ordinary user's namespace, by the runtime directory that it belongs to; there may be nothing. */
export async function endSession(run: string): Promise<void> {
  const pids = ['outside.json', 'namespace.json'].flatMap((name) => pidIn(join(run, name)));
  for (const pid of pids) {
    process.kill(pid, 'SIGTERM');
    await waitUntil(() => !isRunning(pid), { what: `process ${pid} of ${run} to end` });
  }
}

/** Of a process that runs. */
function pidIn(path: string): number[] {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number };
    return isRunning(pid) ? [pid] : [];
  } catch {
    return [];
  }
}
