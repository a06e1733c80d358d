import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Cgroups of a container, in every hierarchy: directories whose name holds its id. */
export function cgroupsOf(id: string, root = '/sys/fs/cgroup'): string[] {
  const directories = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return directories.flatMap(({ name }) => {
    const path = join(root, name);
    return name.includes(id) ? [path] : cgroupsOf(id, path);
  });
}

/** Whether all processes of a container stand still, in whichever hierarchy they can be stopped. */
export function isFrozen(id: string): boolean {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  return cgroupsOf(id).some((cgroup) => {
    const states = read(join(cgroup, 'cgroup.events')) + read(join(cgroup, 'freezer.state'));
    return /^(frozen 1|FROZEN)$/m.test(states);
  });
}
