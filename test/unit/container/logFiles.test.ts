import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LogFile } from '../../../ts/container/logs/files.ts';

const LONG = 'x'.repeat(70_000);

it.each([
  ['one\ntwo\nthr', 1, 1, ['two']],
  ['one\ntwo\nthr', 0, 0, []],
  ['one\ntwo\n', 1, 1, ['two']],
  ['one\ntwo\n', 2, 2, ['one', 'two']],
  ['one\ntwo\n', 5, 2, ['one', 'two']],
  [`one\n${LONG}\n${LONG}`, 1, 1, [LONG]],
  ['not ended', 1, 0, []],
  ['', 1, 0, []],
])('of %j the last %i whole lines are found, whatever is being written', (text, count, found, lines) => {
  const folder = mkdtempSync(join(tmpdir(), 'rcx-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'log'), text);
  const file = LogFile.open(join(folder, 'log'), { bounded: true });
  expect(file?.seekToLast(count)).toBe(found);
  expect([...(file?.lines() ?? [])]).toEqual(lines);
  file?.close();
});
