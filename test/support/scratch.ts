import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { native } from '../../ts/native/index.ts';

/** A fresh directory that is removed when the tests of the calling file are done. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rcx-test-'));
  afterAll(async () => {
    await native().removeTree(directory);
  });
  return directory;
}
