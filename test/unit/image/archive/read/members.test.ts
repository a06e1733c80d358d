import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contentOf, type FileMember, Members } from '../../../../../ts/image/archive/read/members.ts';
import { type Digest, digestOf } from '../../../../../ts/oci/digest.ts';

const folder = mkdtempSync(join(tmpdir(), 'rcx-members-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): FileMember {
  const path = join(folder, String(Math.random()));
  const bytes = Buffer.from(content);
  writeFileSync(path, bytes);
  return { kind: 'file', name, path, size: bytes.length, digest: digestOf(bytes), head: bytes.subarray(0, 6) };
}

function members(...files: FileMember[]): Members {
  const all = new Members();
  for (const each of files) all.add(each.name, each);
  return all;
}

describe('Members', () => {
  it('are found by their names, which are bytes, in whatever form a document has them', () => {
    const name = Buffer.from('é/x').toString('latin1');
    const all = members(file(name, 'x'));
    all.add('link', { kind: 'link', target: name });
    for (const text of ['é/x', './é//x', 'link']) expect(all.file(text, 'it').name).toBe(name);
    expect(all.has('é/x')).toBe(true);
    expect(all.has('e/x')).toBe(false);
  });

  it('may be folders twice, and nothing else', () => {
    const all = members(file('a', 'x'));
    all.add('d', { kind: 'directory' });
    all.add('d', { kind: 'directory' });
    for (const name of ['a', 'd']) {
      expect(() => all.add(name, { kind: 'link', target: 'x' })).toThrow(`load: ${name}: it is in the archive twice`);
    }
    expect(() => all.add('a', { kind: 'directory' })).toThrow(/twice/);
  });

  it('are not without number', () => {
    const all = new Members();
    const fill = () => {
      for (let i = 0; i <= 100_000; i++) all.add(String(i), { kind: 'directory' });
    };
    expect(fill).toThrow('load: the archive has more than 100000 members');
  });

  it('are read up to a size', () => {
    const member = file('a', 'four');
    expect(contentOf(member, 4).toString()).toBe('four');
    expect(() => contentOf(member, 3)).toThrow(
      'load: a: it has 4 bytes, more than the 3 that such a document may have',
    );
  });

  it('are blobs where name and content agree, also by sha512', async () => {
    const hex = createHash('sha512').update('content').digest('hex');
    const digest: Digest = `sha512:${hex}`;
    const all = members(file(`blobs/sha512/${hex}`, 'content'));
    expect((await all.blob({ digest, size: 7 }, 'it')).size).toBe(7);
    await expect(all.blob({ digest, size: 8 }, 'it')).rejects.toThrow(/it has 7 bytes, and it says 8/);
    const other = members(file(`blobs/sha512/${hex}`, 'CONTENT'));
    await expect(other.blob({ digest, size: 7 }, 'it')).rejects.toThrow(/its content is not what its name says/);
  });
});
