import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Cgroups of a container, in every hierarchy: directories whose name holds its id. */
export function cgroupsOf(id: string, root = '/sys/fs/cgroup'): string[] {
  const directories = subdirectories(root);
  return directories.flatMap(({ name }) => {
    const path = join(root, name);
    return name.includes(id) ? [path] : cgroupsOf(id, path);
  });
}

/** None of a cgroup that was removed in this moment, as those of other tests are. */
export function subdirectories(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether all processes of a container stand still, in whichever hierarchy they can be stopped. */
export function isFrozen(id: string): boolean {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return cgroupsOf(id).some((cgroup) => {
    const states = read(join(cgroup, 'cgroup.events')) + read(join(cgroup, 'freezer.state'));
    return /^(frozen 1|FROZEN)$/m.test(states);
  });
}

/** Processes of a cgroup. */
export function membersOf(cgroup: string): number[] {
  const lines = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map(Number);
}
