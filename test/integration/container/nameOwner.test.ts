import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goesBy, mayGoBy } from '../../../ts/container/nameOwner.ts';
import { tryLock } from '../../../ts/store/lock.ts';
import { temporaryDirectory } from '../../../ts/store/temporary.ts';

const ID = '1'.padEnd(64, '0');

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'rcx-owner-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

function record(folder: string, name: string): void {
  const config = { id: ID, name, created: '2026-01-01', diffIds: [], request: { spec: {}, rcx: {} } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
}

function make(name: string): string {
  const folder = join(parent, ID);
  mkdirSync(folder);
  record(folder, name);
  return folder;
}

const both = (name: string) => [goesBy(join(parent, ID), name), mayGoBy(parent, ID, name)];

describe('a name', () => {
  it('is that of the container whose record says so', () => {
    make('web');
    expect(both('web')).toEqual([true, true]);
    expect(both('old')).toEqual([false, false]);
  });

  it('is nobody’s when there is no container', () => {
    expect(both('web')).toEqual([false, false]);
  });

  it('is believed of a container whose record cannot be read', () => {
    writeFileSync(join(make('web'), 'config.json'), 'not JSON');
    expect(both('anything')).toEqual([true, true]);
  });

  it('is reserved while its container is made, and no longer', async () => {
    const temporary = temporaryDirectory(parent, ID);
    expect(both('web')).toEqual([false, true]);
    record(temporary.path, 'web');
    renameSync(temporary.path, join(parent, ID));
    expect(both('web')).toEqual([true, true]);
    temporary.keep();
    expect(both('other')).toEqual([false, false]);
  });

  it('is free again when its maker gave up', async () => {
    const temporary = temporaryDirectory(parent, ID);
    await temporary.dispose();
    expect(both('web')).toEqual([false, false]);
  });

  it('is reserved while its container is renamed, and no longer', () => {
    const folder = make('old');
    const lock = tryLock(join(folder, 'config.lock'));
    expect(both('new')).toEqual([false, true]);
    lock?.release();
    expect(both('new')).toEqual([false, false]);
    expect(both('old')).toEqual([true, true]);
  });
});
