import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Cgroups of a container, in every hierarchy: directories whose name holds its id. */
export function cgroupsOf(id: string, root = '/sys/fs/cgroup'): string[] {
  const directories = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return directories.flatMap(({ name }) => {
    const path = join(root, name);
    return name.includes(id) ? [path] : cgroupsOf(id, path);
  });
}
