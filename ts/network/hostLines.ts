import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Adds a container's addresses to its `/etc/hosts`, which may be the program's by now: nothing else in it is changed. */
export function addHostLines(folder: string, addresses: readonly string[], hostname: string): void {
  change(folder, (lines) => [...lines, ...addresses.map((address) => `${address}\t${hostname}`)]);
}

/** Takes them out again. */
export function removeHostLines(folder: string, addresses: readonly string[]): void {
  change(folder, (lines) => lines.filter((line) => !addresses.some((address) => line.startsWith(`${address}\t`))));
}

/** In place: the file is mounted in the container, and a new one would not be seen there. */
function change(folder: string, to: (lines: string[]) => string[]): void {
  const path = join(folder, 'hosts');
  const text = readFileSync(path, 'utf8');
  const lines = to(text.replace(/\n$/, '').split('\n'));
  writeFileSync(path, `${lines.join('\n')}\n`);
}
