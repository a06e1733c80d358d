import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
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

/** An archive that looks, after each part, at what its reader has made of it. */
async function* watched(look: () => void): AsyncGenerator<Buffer> {
  for (const part of ['one', 'two']) {
    yield Buffer.from(part);
    look();
  }
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

  it('takes the place of another only then', async () => {
    const file = join(folder, 'a.tar');
    writeFileSync(file, 'before');
    const seen: string[] = [];
    await writeArchive(
      'save',
      watched(() => seen.push(readFileSync(file, 'utf8'))),
      file,
    );
    expect(seen).toEqual(['before', 'before']);
    expect(readFileSync(file, 'utf8')).toBe('onetwo');
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
    await expect(writeArchive('save', archive('x'), '/dev/full')).rejects.toMatchObject({ errno: 'ENOSPC' });
    expect(readdirSync('/dev').filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('leaves a pipe one, and writes to it', async () => {
    const pipe = join(folder, 'pipe');
    const reader = spawn('sh', ['-c', 'mkfifo "$0"; echo ready; cat "$0"', pipe], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(reader.stdout, 'data');
    let read = '';
    reader.stdout.on('data', (piece: Buffer) => {
      read += piece;
    });
    const ended = once(reader, 'close');
    await writeArchive('save', archive('one', 'two'), pipe);
    await ended;
    expect(read).toBe('onetwo');
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['pipe']);
  });

  it('says what is in the way', async () => {
    mkdirSync(join(folder, 'folder'));
    const to = (name: string) => writeArchive('save', archive('x'), join(folder, name));
    await expect(to('folder')).rejects.toMatchObject({ code: 'ERR_RCX_OUTPUT', errno: 'EISDIR' });
    await expect(to('no/such/file')).rejects.toMatchObject({ code: 'ERR_RCX_OUTPUT', errno: 'ENOENT' });
    writeFileSync(join(folder, 'file'), '');
    await expect(to('file/a.tar')).rejects.toMatchObject({ code: 'ERR_RCX_OUTPUT', errno: 'ENOTDIR' });
    expect(readdirSync(folder).sort()).toEqual(['file', 'folder']);
  });
});

describe('writeArchive to a terminal', () => {
  const { isTTY } = process.stdout;
  afterEach(() => {
    process.stdout.isTTY = isTTY;
  });

  it('is refused, and nothing of the archive is read', async () => {
    process.stdout.isTTY = true;
    let read = false;
    const source = watched(() => {
      read = true;
    });
    await expect(writeArchive('save', source, undefined)).rejects.toMatchObject({ code: 'ERR_RCX_TERMINAL_OUTPUT' });
    expect(read).toBe(false);
  });
});
