import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { subdirectories } from './cgroups.ts';
import { processesUsing } from './processes.ts';

/** What there is of a store on the machine that must not grow by containers that come and go. */
export interface Inventory {
  /** Paths in the folders. */
  files: string[];
  /** Lines of the host's mount table that concern them. */
  mounts: string[];
  /** Directories of the cgroups that containers of any store are in, but for those of others. */
  cgroups: string[];
  /** Processes that use the store, by command. */
  processes: string[];
  /** Descriptors of this process. */
  descriptors: number;
  /** Children of this process that nobody has collected. */
  zombies: number;
}

/**
 * Takes stock.
 * @param folders of containers, and of their runtime files
 * @param ids of containers of the store: others' cgroups are none of our business
 */
export function takeStock(folders: readonly string[], ids: readonly string[]): Inventory {
  const mine = (line: string) => folders.some((folder) => line.includes(folder));
  return {
    files: folders.flatMap((folder) => (existsSync(folder) ? tree(folder) : [])).sort(),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(mine),
    cgroups: cgroupsNamed(new Set(ids)),
    processes: folders.flatMap(processesUsing).map(({ command }) => command),
    descriptors: readdirSync('/proc/self/fd').length,
    zombies: children().filter((pid) => /^State:\s+Z/m.test(read(`/proc/${pid}/status`))).length,
  };
}

/** Where symbolic links lead is not part of it. */
function tree(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...tree(path)] : [path];
  });
}

/** Those of these containers, in every hierarchy; by one walk, as there may be many. */
function cgroupsNamed(ids: ReadonlySet<string>, root = '/sys/fs/cgroup'): string[] {
  return subdirectories(root).flatMap(({ name }) => {
    const path = join(root, name);
    if (ids.has(/[0-9a-f]{64}/.exec(name)?.[0] ?? '')) return [path];
    return cgroupsNamed(ids, path);
  });
}

function children(): string[] {
  const threads = readdirSync('/proc/self/task');
  return threads.flatMap((thread) => read(`/proc/self/task/${thread}/children`).split(' ').filter(Boolean));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
