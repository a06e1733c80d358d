import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unrenamedFiles } from '../../../ts/store/atomic.ts';
import { listBlobs, listLayers } from '../../../ts/store/listing.ts';
import { storePaths } from '../../../ts/store/paths.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rcx-listing-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const paths = () => storePaths({ RCX_ROOT: root, RCX_RUN: root });
const [SHORT, LONG] = ['a'.repeat(64), 'b'.repeat(128)];

function put(path: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), '');
}

describe('what is in the store', () => {
  it('is nothing before there is a store', () => {
    expect([listBlobs(paths()), listLayers(paths())]).toEqual([[], []]);
  });

  it('has blobs of every kind of digest, by their names', () => {
    for (const name of [`sha256/${SHORT}`, `sha512/${LONG}`, `sha256/${LONG}`, 'sha256/.tmp', 'md5/aa', 'README'])
      put(`images/blobs/${name}`);
    expect(listBlobs(paths()).sort()).toEqual([`sha256:${SHORT}`, `sha512:${LONG}`]);
  });

  it('has layers, whose hash is told by its length', () => {
    for (const name of [SHORT, LONG, '.tmp-1234', 'other']) put(`layers/${name}/layer.json`);
    expect(listLayers(paths()).sort()).toEqual([`sha256:${SHORT}`, `sha512:${LONG}`]);
  });
});

describe('files that a killed process had no time to rename', () => {
  const NOBODY = 4_194_304;
  const age = (name: string) => utimesSync(join(root, name), 0, 0);

  it('are old and of a process that is gone', () => {
    const names = [
      `.state.json.tmp-${NOBODY}-0123456789ab`,
      `.young.json.tmp-${NOBODY}-0123456789ab`,
      `.mine.json.tmp-${process.pid}-0123456789ab`,
      `state.json.tmp-${NOBODY}-0123456789ab`,
      `.tmp-${NOBODY}`,
      'state.json',
    ];
    for (const name of names) {
      put(name);
      if (!name.startsWith('.young')) age(name);
    }
    expect(unrenamedFiles(root)).toEqual([join(root, names[0] ?? '')]);
    expect(unrenamedFiles(join(root, 'none'))).toEqual([]);
  });
});
