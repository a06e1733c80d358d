import { execa } from 'execa';
import { expect } from 'vitest';
import type { Store } from './cli.ts';

/** Far more than either takes on a machine that is busy with tests. */
const PATIENCE_MS = 20_000;

/** Asserts that the machine and rcx answer while a container does its worst. */
export async function expectResponsive(store: Store): Promise<void> {
  const answer = await store.rcx(['run', '--rm', 'ubuntu', 'echo', 'here'], { timeout: PATIENCE_MS });
  expect(answer).toMatchObject({ exitCode: 0, stdout: 'here\n', stderr: '' });
  const listing = await store.rcx(['ps', '-q'], { timeout: PATIENCE_MS });
  expect(listing).toMatchObject({ exitCode: 0, stderr: '' });
  // A program of the host that has nothing to do with rcx.
  expect((await execa('sh', ['-c', 'echo host'], { timeout: PATIENCE_MS })).stdout).toBe('host');
}
