import { execFileSync } from 'node:child_process';
import { ftruncateSync, mkdtempSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();
const MiB = 1024 * 1024;

/** Sparse files of GNU tar's own making. */
describe('sparse files as GNU tar writes them', () => {
  let source: string;

  beforeAll(() => {
    source = mkdtempSync(join(scratch, 'sparse-'));
    const make = (name: string, size: number, pieces: [number, string][]) => {
      const fd = openSync(join(source, name), 'w');
      ftruncateSync(fd, size);
      for (const [offset, text] of pieces) writeSync(fd, text, offset);
    };
    make('holes', 64 * MiB, [
      [0, 'start'],
      [8 * MiB + 5, 'middle'],
      [64 * MiB - 3, 'end'],
    ]);
    make('trailing', 3 * MiB, [[MiB, 'x'.repeat(5000)]]);
    make('empty', 2 * MiB, []);
    make(
      'many',
      64 * MiB,
      Array.from({ length: 60 }, (_, i): [number, string] => [i * MiB, `piece ${i}`]),
    );
  });

  test.each([
    ['gnu', []],
    ['pax', ['--sparse-version=0.0']],
    ['pax', ['--sparse-version=0.1']],
    ['pax', ['--sparse-version=1.0']],
  ])('%s %s', async (format, options) => {
    const names = ['holes', 'trailing', 'empty', 'many'];
    const args = ['--create', '--sparse', `--format=${format}`, ...options, '--directory', source, ...names];
    const archive = execFileSync('tar', args, { maxBuffer: 64 * MiB });
    expect(archive.length).toBeLessThan(2 * MiB);
    for (const pieces of [archive.length, 700]) {
      const { directory } = await unpackInto(scratch, archive, { pieces });
      for (const name of names) {
        const [made, original] = [join(directory, name), join(source, name)];
        expect(readFileSync(made).equals(readFileSync(original)), name).toBe(true);
        expect(statSync(made).blocks * 512, `${name} has holes`).toBeLessThan(2 * MiB);
      }
    }
  });
});

describe('sparse maps that lie', () => {
  const pax = (map: string, size: number, content: string) =>
    new TarBuilder()
      .pax([
        ['GNU.sparse.size', String(size)],
        ['GNU.sparse.map', map],
      ])
      .file('f', content)
      .build();

  test.each([
    ['pieces that overlap', pax('0,2,1,2', 10, 'abcd')],
    ['pieces out of order', pax('5,2,0,2', 10, 'abcd')],
    ['a piece beyond the end', pax('9,4', 10, 'abcd')],
    ['more content than pieces', pax('0,2', 10, 'abcd')],
    ['less content than pieces', pax('0,8', 10, 'abcd')],
    ['half a piece', pax('0,4,6', 10, 'abcd')],
    ['a negative length', pax('0,-4', 10, 'abcd')],
    ['a number beyond 2⁵³', pax('0,4,9007199254740993,0', 10, 'abcd')],
  ])('%s', async (_, archive) => {
    await expect(unpackInto(scratch, archive)).rejects.toMatchObject({ code: 'ERR_RCX_LAYER_INVALID' });
  });

  test('an unknown version is refused rather than written wrongly', async () => {
    const archive = new TarBuilder()
      .pax([
        ['GNU.sparse.major', '2'],
        ['GNU.sparse.minor', '0'],
      ])
      .file('f', 'abcd')
      .build();
    await expect(unpackInto(scratch, archive)).rejects.toThrow(/f: sparse format 2\.0 is unknown/);
  });
});
