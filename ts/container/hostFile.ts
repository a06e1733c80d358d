import { readFileSync } from 'node:fs';

/** What a file of this machine says; `undefined` where there is none, none any more, or none for this process to read. */
export function readHostFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
