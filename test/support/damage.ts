import { readFileSync, truncateSync, writeFileSync } from 'node:fs';

/** Changes one bit of a file, and nothing else that one could see. */
export function flipByte(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** Cuts a file in half. */
export function truncate(path: string): void {
  truncateSync(path, Math.floor(readFileSync(path).length / 2));
}
