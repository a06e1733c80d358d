import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { InterfaceExtras } from '../container/spec/types.ts';
import { writeFileAtomic } from '../store/atomic.ts';

/**
 * Says what a container that runs is called in its networks from now on. As the core says it, see
 * `crates/core/src/network/resolver/names.rs`; of one that does not run nothing is said.
 */
export function publishNames(container: string, interfaces: readonly InterfaceExtras[]): void {
  for (const { folder, names, addresses } of interfaces) {
    for (const address of addresses) {
      const file = join(folder, address.replace(/\/.*/, ''));
      const record = read(file);
      if (record?.container === container) writeFileAtomic(file, JSON.stringify({ ...record, names }));
    }
  }
}

/** Ends that for an address: a monitor that was killed has left it. */
export function withdrawNames(folder: string, container: string, address: string): void {
  const file = join(folder, address);
  if (read(file)?.container === container) rmSync(file, { force: true });
}

function read(file: string): { container: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
