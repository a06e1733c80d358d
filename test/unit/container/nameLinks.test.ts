import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NameLinks } from '../../../ts/container/nameLinks.ts';

let folder: string;
let containers: Set<string>;
let names: NameLinks;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-names-'));
  containers = new Set(['1', '2']);
  names = new NameLinks(join(folder, '.names'), (id) => containers.has(id));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('NameLinks', () => {
  it('gives a name to one container', () => {
    expect(names.take('web', '1')).toBe(true);
    expect(names.take('web', '2')).toBe(false);
    expect(names.idOf('web')).toBe('1');
  });

  it('gives it to another once it is free', () => {
    names.take('web', '1');
    names.free('web', '2');
    expect(names.idOf('web')).toBe('1');
    names.free('web', '1');
    expect(names.take('web', '2')).toBe(true);
  });

  it('takes a name away from a container that goes by another', () => {
    const byRecord = new NameLinks(join(folder, '.names'), (id, name) => id === '1' && name === 'new');
    expect([byRecord.take('old', '1'), byRecord.take('new', '1')]).toEqual([true, true]);
    expect(byRecord.abandoned()).toEqual(['old']);
    expect([byRecord.take('old', '2'), byRecord.take('new', '2')]).toEqual([true, false]);
  });

  it('takes it away from one that never came to be', () => {
    names.take('web', 'unfinished');
    expect(names.take('web', '1')).toBe(true);
    expect(names.idOf('web')).toBe('1');
  });

  it('frees all names of one container', () => {
    names.freeAll('1');
    names.take('web', '1');
    names.take('db', '1');
    names.take('other', '2');
    names.freeAll('1');
    expect(readdirSync(join(folder, '.names'))).toEqual(['other']);
  });

  it('knows those that a crash left', () => {
    expect(names.abandoned()).toEqual([]);
    names.take('web', '1');
    names.take('old', '9');
    expect(names.abandoned()).toEqual(['old']);
  });

  it.each(['nobody', '', '.', '..', '../1', 'a/b', '-x', 'x'.repeat(300), 'a\0b'])('knows nobody called %j', (name) => {
    expect(names.idOf(name)).toBeUndefined();
  });
});
