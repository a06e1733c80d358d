import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCidFile } from '../../../ts/container/cidFile.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-cid-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('withCidFile', () => {
  it('writes the id of what was made', async () => {
    const path = join(folder, 'made');
    const seen: boolean[] = [];
    const make = async () => {
      seen.push(existsSync(path));
      return { id: 'abc' };
    };
    expect(await withCidFile(path, make, ({ id }) => id)).toEqual({ id: 'abc' });
    expect(seen).toEqual([true]);
    expect(readFileSync(path, 'utf8')).toBe('abc');
  });

  it('makes nothing when the file is there, or cannot be', async () => {
    const never = () => Promise.reject(new Error('made'));
    const refused = { code: 'ERR_RCX_CID_FILE' };
    await expect(withCidFile(join(folder, 'made'), never, String)).rejects.toMatchObject(refused);
    await expect(withCidFile(join(folder, 'none/file'), never, String)).rejects.toMatchObject(refused);
    expect(readFileSync(join(folder, 'made'), 'utf8')).toBe('abc');
  });

  it('leaves no file when nothing was made', async () => {
    const path = join(folder, 'failed');
    await expect(withCidFile(path, () => Promise.reject(new Error('no')), String)).rejects.toThrow('no');
    expect(existsSync(path)).toBe(false);
  });
});
