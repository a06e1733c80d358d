import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storePaths } from '../../../ts/store/paths.ts';
import { blobUsage, layerUsage } from '../../../ts/system/usage.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rcx-usage-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const paths = () => storePaths({ RCX_ROOT: root, RCX_RUN: root });

function put(path: string, content: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), content);
}

describe('the store’s usage', () => {
  it('is nothing before there is a store', () => {
    expect(layerUsage(paths())).toEqual({ count: 0, size: 0 });
    expect(blobUsage(paths())).toEqual({ count: 0, size: 0 });
  });

  it('counts whole layers, and nothing half-made', () => {
    put('layers/aa/layer.json', '{"size": 10}');
    put('layers/bb/layer.json', '{"size": 5}');
    put('layers/cc/diff/file', 'no record');
    put('layers/.tmp-dd/layer.json', '{"size": 1000}');
    expect(layerUsage(paths())).toEqual({ count: 2, size: 15 });
  });

  it('counts blobs of every kind of digest', () => {
    put('images/blobs/sha256/aa', '123');
    put('images/blobs/sha512/bb', '12');
    put('images/index.json', '{}');
    expect(blobUsage(paths())).toEqual({ count: 2, size: 5 });
  });
});
