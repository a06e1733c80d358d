import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pids of what is in a cgroup and those below; none for one that is gone. */
export function processesIn(path: string): string[] {
  return [...linesOf(join(path, 'cgroup.procs')), ...childrenOf(path).flatMap(processesIn)];
}

/** Numbers of all threads of those. v1 and v2 have different names for the file. */
export function threadsIn(path: string): string[] {
  const own = linesOf(join(path, 'cgroup.threads'));
  return [...(own.length > 0 ? own : linesOf(join(path, 'tasks'))), ...childrenOf(path).flatMap(threadsIn)];
}

/** Paths of the cgroups directly below one. */
export function childrenOf(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
  } catch {
    // Gone.
    return [];
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    // Gone, or one whose processes are listed above it.
    return [];
  }
}
