import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process as `ps` would show it. */
export interface ProcessLine {
  pid: number;
  command: string;
}

/**
 * Processes that have something mounted from below `path`, or that were started with it in their arguments or environment:
 * whatever a store's containers and commands left running, in any mount namespace.
 */
export function processesUsing(path: string): ProcessLine[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids
    .filter((pid) => ['mountinfo', 'environ', 'cmdline'].some((file) => readProc(pid, file).includes(path)))
    .filter((pid) => !/^State:\s+[ZX]/m.test(readProc(pid, 'status')))
    .map((pid) => ({ pid: Number(pid), command: readProc(pid, 'cmdline').replaceAll('\0', ' ').trim() }));
}

/** Waits until `condition` holds. @throws when it does not within `timeout` milliseconds */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { timeout = 10_000, what = condition.toString() }: { timeout?: number; what?: string } = {},
): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await sleep(20);
  }
}

/** Whether a process exists and has not ended. */
export function isRunning(pid: number): boolean {
  const status = readProc(String(pid), 'status');
  return status !== '' && !/^State:\s+[ZX]/m.test(status);
}

/** A file of a process that may be gone by now. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
