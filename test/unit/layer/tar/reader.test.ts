import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TarReader } from '../../../../ts/layer/tar/reader.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';

interface Read {
  name: string;
  content: string;
  whole: boolean;
}

/** Reads an archive that comes in the given pieces. */
function read(pieces: readonly Buffer[]): Read[] {
  const entries: Read[] = [];
  let open: Read | undefined;
  const reader = new TarReader({
    entry: ({ name }, content) => {
      expect(open).toBeUndefined();
      const entry = { name, content: content?.toString('latin1') ?? '', whole: content !== undefined };
      entries.push(entry);
      if (content === undefined) open = entry;
    },
    data: (chunk) => {
      if (open !== undefined) open.content += chunk.toString('latin1');
    },
    end: () => {
      expect(open).toBeDefined();
      open = undefined;
    },
  });
  for (const piece of pieces) reader.push(piece);
  reader.finish();
  expect(open).toBeUndefined();
  return entries;
}

function cut(archive: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((each) => each % archive.length), archive.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => archive.subarray(at[i], end));
}

const LONG = `${'directory/'.repeat(20)}file`;
const MIXED = new TarBuilder()
  .directory('d/')
  .pax([
    ['path', LONG],
    ['comment', 'c'.repeat(700)],
  ])
  .file('short', 'a'.repeat(1500))
  .file('empty')
  .longName(`gnu/${LONG}`)
  .file('short', 'b'.repeat(512), { format: 'gnu' })
  .file('odd', 'c'.repeat(513))
  .build();

describe('pieces', () => {
  test('content that has arrived whole is handed over with its entry', () => {
    expect(read([MIXED]).map(({ whole }) => whole)).toEqual([true, true, true, true, true]);
  });

  test('wherever an archive is cut, the same is read', () => {
    const expected = read([MIXED]).map(({ name, content }) => ({ name, content }));
    expect(expected.map(({ name }) => name)).toEqual(['d/', LONG, 'empty', `gnu/${LONG}`, 'odd']);
    fc.assert(
      fc.property(fc.array(fc.nat(MIXED.length - 1), { maxLength: 30 }), (cuts) => {
        const entries = read(cut(MIXED, cuts));
        expect(entries.map(({ name, content }) => ({ name, content }))).toEqual(expected);
      }),
    );
  });
});

describe('extensions', () => {
  test('of two PAX headers before one entry only the second counts, as in Go', () => {
    const archive = new TarBuilder()
      .pax([['path', 'a']])
      .pax([['mtime', '1']])
      .file('b')
      .build();
    expect(read([archive]).map(({ name }) => name)).toEqual(['b']);
  });

  test('a GNU long name wins over a PAX path, as in Go', () => {
    const archive = new TarBuilder()
      .pax([['path', 'pax']])
      .longName('gnu')
      .file('b')
      .build();
    expect(read([archive]).map(({ name }) => name)).toEqual(['gnu']);
  });

  test('a global header ends what went before it, as in Go', () => {
    const archive = new TarBuilder()
      .pax([['path', 'a']])
      .globalPax([['comment', 'x']])
      .file('b')
      .build();
    expect(read([archive]).map(({ name }) => name)).toEqual(['b']);
  });

  test('an empty PAX value takes nothing away from the header', () => {
    const archive = new TarBuilder()
      .pax([
        ['path', ''],
        ['size', ''],
      ])
      .file('b', 'xy')
      .build();
    expect(read([archive])).toEqual([{ name: 'b', content: 'xy', whole: true }]);
  });

  test('they are gone after their entry', () => {
    const archive = new TarBuilder()
      .pax([['path', 'a']])
      .file('x')
      .file('b')
      .build();
    expect(read([archive]).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

test('random bytes never make it hang or throw anything but its own error', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 3000 });
  const damage = fc.tuple(bytes, fc.nat(MIXED.length - 1));
  fc.assert(
    fc.property(damage, ([noise, at]) => {
      const archive = Buffer.from(MIXED);
      Buffer.from(noise).copy(archive, at);
      try {
        read([archive]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_RCX_LAYER_INVALID' });
      }
    }),
    { numRuns: 500 },
  );
});
