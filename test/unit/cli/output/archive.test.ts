import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writeArchive } from '../../../../cli/output/archive.ts';

const scratch = mkdtempSync(join(tmpdir(), 'rcx-archive-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(scratch, 'output-'));
});

async function* archive(...parts: string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

async function* broken(...parts: string[]): AsyncGenerator<Buffer> {
  yield* archive(...parts);
  throw new Error('broken');
}

describe('writeArchive to a file', () => {
  it('has it there when it is whole, for its owner alone', async () => {
    const file = join(folder, 'a.tar');
    await writeArchive('save', archive('one', 'two'), file);
    expect(readFileSync(file, 'utf8')).toBe('onetwo');
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['a.tar']);
  });

  it.each([
    ['at once', broken()],
    ['in the middle', broken('part')],
  ])('leaves what was there when the archive fails %s', async (_, failing) => {
    const file = join(folder, 'a.tar');
    writeFileSync(file, 'before');
    await expect(writeArchive('save', failing, file)).rejects.toMatchObject({
      code: 'ERR_RCX_OUTPUT',
      message: `save: ${file}: broken`,
    });
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['a.tar']);
  });

  it('follows a link, as a redirection does', async () => {
    symlinkSync('a.tar', join(folder, 'link'));
    writeFileSync(join(folder, 'a.tar'), 'before');
    await writeArchive('save', archive('after'), join(folder, 'link'));
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'a.tar'), 'utf8')).toBe('after');
  });

  it('leaves a device one', async () => {
    await writeArchive('save', archive('gone'), '/dev/null');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('says what is in the way', async () => {
    mkdirSync(join(folder, 'folder'));
    const to = (name: string) => writeArchive('save', archive('x'), join(folder, name));
    await expect(to('folder')).rejects.toMatchObject({ code: 'ERR_RCX_OUTPUT', errno: 'EISDIR' });
    await expect(to('no/such/file')).rejects.toMatchObject({ code: 'ERR_RCX_OUTPUT', errno: 'ENOENT' });
    expect(readdirSync(folder)).toEqual(['folder']);
  });
});
