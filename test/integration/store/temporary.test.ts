import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { acquireLock, contentLockPath, tryLock, withContentLock, withLock } from '../../../ts/store/lock.ts';
import { storePaths } from '../../../ts/store/paths.ts';
import {
  collectWreckage,
  discard,
  isBeingMade,
  listWreckage,
  temporaryDirectory,
  temporaryFile,
} from '../../../ts/store/temporary.ts';
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

  test('are found by their name while their maker lives, if they were given one', async () => {
    const directory = temporaryDirectory(parent, 'own');
    expect([isBeingMade(parent, 'own'), isBeingMade(parent, 'other')]).toEqual([true, false]);
    directory.keep();
    expect(existsSync(directory.path) && !isBeingMade(parent, 'own')).toBe(true);
    await collectWreckage(parent);
    await temporaryDirectory(parent, 'own').dispose();
    expect(isBeingMade(parent, 'own')).toBe(false);
  });

  test('that nobody holds are collected, and nothing else', async () => {
    mkdirSync(join(parent, '.tmp-dead/deep/tree'), { recursive: true });
    writeFileSync(join(parent, '.tmp-file'), '');
    mkdirSync(join(parent, 'kept'));
    writeFileSync(join(parent, '.hidden'), '');
    const living = temporaryDirectory(parent);
    writeFileSync(join(parent, '.tmp-file'), 'x');
    expect(listWreckage(parent).sort()).toEqual([join(parent, '.tmp-dead'), join(parent, '.tmp-file')]);
    await living.dispose();
    const found: string[] = [];
    await collectWreckage(parent, async (path) => {
      expect(existsSync(path)).toBe(true);
      found.push(path);
    });
    expect(found.sort()).toEqual([join(parent, '.tmp-dead'), join(parent, '.tmp-file')]);
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

describe('a directory that is removed', () => {
  const path = () => join(parent, 'thing');
  beforeEach(() => {
    mkdirSync(join(path(), 'deep/tree'), { recursive: true });
  });

  test('goes with all that is in it; one that is gone is no error', async () => {
    await discard(path());
    await discard(path());
    expect(readdirSync(parent)).toEqual([]);
  });

  test('by several at a time is removed once', async () => {
    await Promise.all([discard(path()), discard(path()), discard(path())]);
    expect(readdirSync(parent)).toEqual([]);
  });

  test('waits for its maker to let go', async () => {
    const temporary = temporaryDirectory(parent);
    renameSync(temporary.path, join(parent, 'made'));
    const removal = discard(join(parent, 'made'));
    await sleep(20);
    expect(existsSync(join(parent, 'made'))).toBe(true);
    temporary.keep();
    await removal;
    expect(readdirSync(parent)).toEqual(['thing']);
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

  test('waiting says so once, when it is more than a moment, and can be given up', async () => {
    const path = join(parent, 'lock');
    const held = await acquireLock(path);
    const controller = new AbortController();
    let waits = 0;
    const waiting = acquireLock(path, { signal: controller.signal, onWait: () => waits++ });
    await sleep(20);
    expect(waits).toBe(0);
    await expect.poll(() => waits).toBe(1);
    await sleep(250);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
    expect(waits).toBe(1);
    held.release();
  });

  test('those who share the content lock stand back for one who wants it alone', async () => {
    const paths = storePaths({ RCX_ROOT: parent, RCX_RUN: parent });
    let isOver = false;
    // One is always under way: as soon as it is half over the next one begins.
    const share = async (): Promise<void> => {
      let next: Promise<void> | undefined;
      await withContentLock(
        paths,
        async () => {
          await sleep(20);
          if (!isOver) next = share();
          await sleep(20);
        },
        { shared: true },
      );
      await next;
    };
    const sharing = share();
    await sleep(60);
    const others = await withContentLock(paths, async () => {
      await sleep(50);
      return tryLock(contentLockPath(paths), { shared: true });
    });
    isOver = true;
    await sharing;
    expect(others).toBeUndefined();
    expect(readdirSync(join(parent, 'locks'))).toEqual(['content']);
  });

  test('one who shares it already can share it again, whoever waits', async () => {
    const paths = storePaths({ RCX_ROOT: parent, RCX_RUN: parent });
    let alone: Promise<unknown> | undefined;
    const inner = await withContentLock(
      paths,
      async () => {
        alone = withContentLock(paths, () => undefined);
        await sleep(50);
        return await withContentLock(paths, () => 'inner', { shared: true });
      },
      { shared: true },
    );
    await alone;
    expect(inner).toBe('inner');
  });

  test('a body that throws lets go', async () => {
    const path = join(parent, 'lock');
    await expect(withLock(path, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(tryLock(path)).toBeDefined();
  });
});
