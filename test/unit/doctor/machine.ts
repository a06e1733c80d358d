import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Host } from '../../../ts/doctor/host.ts';

/** A machine that has the files given, by their paths, and no others; it is gone with the test. */
export function machine(files: Record<string, string>): Host {
  const root = mkdtempSync(join(tmpdir(), 'rcx-machine-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return new Host(root);
}
