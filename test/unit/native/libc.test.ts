import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { interpreterOf, libc } from '../../../ts/native/libc.ts';

function headOf(path: string): Buffer {
  const head = Buffer.alloc(2048);
  const fd = openSync(path, 'r');
  readSync(fd, head);
  closeSync(fd);
  return head;
}

describe('interpreterOf', () => {
  it('names the dynamic linker that a program is mapped with', () => {
    const linker = interpreterOf(headOf('/proc/self/exe'));
    expect(linker).toMatch(/^\/lib.*\/ld-.*so\.\d$/);
    // The kernel maps the file that the link leads to.
    const name = linker?.split('/').at(-1) ?? '';
    expect(readFileSync('/proc/self/maps', 'utf8')).toContain(name);
  });

  it.each([
    ['a text', Buffer.from('#!/bin/sh\n'.repeat(100))],
    ['nothing', Buffer.alloc(0)],
    ['a head whose table lies elsewhere', Buffer.concat([headOf('/proc/self/exe').subarray(0, 64)])],
    ['a table of no entries', headOf('/proc/self/exe').fill(0, 56, 58)],
  ])('finds none in %s', (_, head) => {
    expect(interpreterOf(head)).toBeUndefined();
  });
});

describe('libc', () => {
  it("is that of the maps' library", () => {
    const maps = readFileSync('/proc/self/maps', 'utf8');
    expect(libc()).toBe(/\/ld-musl-/.test(maps) ? 'musl' : 'gnu');
  });
});
