import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { whenChanged } from '../../../scripts/lib/stamp.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-stamp-'));
  writeFileSync(join(folder, 'input'), 'one');
});
afterEach(() => rmSync(folder, { recursive: true }));

function step(overrides = {}) {
  const output = join(folder, 'output');
  return {
    stamp: join(folder, 'stamp'),
    inputs: [join(folder, 'input*')],
    outputs: [output],
    run: vi.fn(async () => writeFileSync(output, '')),
    ...overrides,
  };
}

it('runs once for the same content, whatever the times of the files', async () => {
  const first = step();
  expect(await whenChanged(first)).toBe(true);
  writeFileSync(join(folder, 'input'), 'one');
  expect(await whenChanged(first)).toBe(false);
  expect(first.run).toHaveBeenCalledTimes(1);
});

it.each([
  ['a changed input', () => writeFileSync(join(folder, 'input'), 'two')],
  ['a new input', () => writeFileSync(join(folder, 'input2'), '')],
  ['a missing output', () => rmSync(join(folder, 'output'))],
])('runs again after %s', async (_, change) => {
  await whenChanged(step());
  change();
  expect(await whenChanged(step())).toBe(true);
});

it('runs again for another variant, and when forced', async () => {
  await whenChanged(step());
  expect(await whenChanged(step({ variant: 'debug' }))).toBe(true);
  expect(await whenChanged(step({ variant: 'debug', force: true }))).toBe(true);
});

it('runs again after a run that failed', async () => {
  await whenChanged(step());
  const failing = step({ force: true, run: () => Promise.reject(new Error('no compiler')) });
  await expect(whenChanged(failing)).rejects.toThrow('no compiler');
  expect(await whenChanged(step())).toBe(true);
});
