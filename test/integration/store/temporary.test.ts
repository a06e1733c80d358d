import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { acquireLock, tryLock, withLock } from '../../../ts/store/lock.ts';
import { collectWreckage, temporaryDirectory, temporaryFile } from '../../../ts/store/temporary.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const scratch = scratchDirectory();
let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(scratch, 'parent-'));
});

describe('temporary entries', () => {
  test('are kept from collectors while their maker lives', async () => {
    const [directory, file] = [temporaryDirectory(parent), temporaryFile(parent)];
    writeFileSync(join(directory.path, 'work'), '');
    await collectWreckage(parent);
    expect(existsSync(join(directory.path, 'work')) && existsSync(file.path)).toBe(true);
    await directory.dispose();
    await file.dispose();
    expect(readdirSync(parent)).toEqual([]);
  });

  test('that nobody holds are collected, and nothing else', async () => {
    mkdirSync(join(parent, '.tmp-dead/deep/tree'), { recursive: true });
    writeFileSync(join(parent, '.tmp-file'), '');
    mkdirSync(join(parent, 'kept'));
    writeFileSync(join(parent, '.hidden'), '');
    await collectWreckage(parent);
    expect(readdirSync(parent).sort()).toEqual(['.hidden', 'kept']);
  });

  test('a symbolic link under such a name is not rcx’s, and is not followed', async () => {
    mkdirSync(join(scratch, 'victim'));
    writeFileSync(join(scratch, 'victim/file'), '');
    symlinkSync(join(scratch, 'victim'), join(parent, '.tmp-link'));
    await collectWreckage(parent);
    expect(readdirSync(parent)).toEqual(['.tmp-link']);
    expect(readdirSync(join(scratch, 'victim'))).toEqual(['file']);
  });

  test('one that was renamed into place stays there', async () => {
    const directory = temporaryDirectory(parent);
    renameSync(directory.path, join(parent, 'final'));
    await directory.dispose();
    expect(readdirSync(parent)).toEqual(['final']);
  });

  test('a parent that does not exist has no wreckage', async () => {
    await expect(collectWreckage(join(parent, 'none'))).resolves.toBeUndefined();
  });
});

describe('locks', () => {
  test('bodies do not overlap, whoever asks', async () => {
    const path = join(parent, 'locks/one');
    let inside = 0;
    let most = 0;
    const body = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(path, body)));
    expect(most).toBe(1);
  });

  test('shared ones do, and keep an exclusive one out', async () => {
    const path = join(parent, 'lock');
    const [a, b] = [await acquireLock(path, { shared: true }), await acquireLock(path, { shared: true })];
    expect(tryLock(path)).toBeUndefined();
    a.release();
    expect(tryLock(path)).toBeUndefined();
    b.release();
    const held = tryLock(path);
    expect(held).toBeDefined();
    held?.release();
  });

  test('waiting says so once, and can be given up', async () => {
    const path = join(parent, 'lock');
    const held = await acquireLock(path);
    const controller = new AbortController();
    let waits = 0;
    const waiting = acquireLock(path, { signal: controller.signal, onWait: () => waits++ });
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
    expect(waits).toBe(1);
    held.release();
  });

  test('a body that throws lets go', async () => {
    const path = join(parent, 'lock');
    await expect(withLock(path, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(tryLock(path)).toBeDefined();
  });
});
