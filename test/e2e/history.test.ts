import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

/** Long enough to be shortened in a table. */
const SCRIPT = 'echo one two three four five six > /new; true';
const STEP = `sh -c ${SCRIPT}`;

let store: Store;
let id: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  await store.ok(['run', '--name', 'box', 'ubuntu', 'sh', '-c', SCRIPT]);
  const env = { SOURCE_DATE_EPOCH: '1000000000' };
  id = (await store.ok(['commit', '-m', 'why', 'box', 'made'], { env })).trimEnd();
});
afterAll(() => store.close());

const lines = async (...args: string[]) => (await store.ok(args)).trimEnd().split('\n');
const columns = (line: string | undefined) => (line ?? '').split(/ {3,}/);

describe('history', () => {
  it('is a table of the steps, last one first', async () => {
    const table = await lines('history', 'made');
    const base = await lines('history', 'ubuntu');
    expect(columns(table[0])).toEqual(['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT']);
    const shown = `${STEP.slice(0, 44)}…`;
    expect(columns(table[1])).toEqual([id.slice(7, 19), expect.stringMatching(/^\d+ years ago$/), shown, '28B', 'why']);
    expect(table.slice(2).map((line) => columns(line)[0])).toEqual(base.slice(1).map(() => '<missing>'));
    expect(columns(base[1])[0]).toBe((await lines('images', '-q', 'ubuntu'))[0]);
    expect(columns(base.at(-1))[3]).toMatch(/^[\d.]+MB$/);
  });

  it.each(['--human=false', '--no-human', '-H=0'])('has bytes and dates for programs with %s', async (flag) => {
    const [header, first] = await lines('history', flag, 'made');
    expect(columns(header)).toEqual(['IMAGE', 'CREATED AT', 'CREATED BY', 'SIZE', 'COMMENT']);
    expect(columns(first)[1]).toBe('2001-09-09T01:46:40Z');
    expect(columns(first)[3]).toBe('28');
  });

  it('shortens nothing with --no-trunc', async () => {
    const [, first] = await lines('history', '--no-trunc', 'made');
    expect(columns(first).slice(0, 3)).toEqual([id, expect.any(String), STEP]);
    expect(await lines('history', '--no-trunc', '--no-trunc=false', 'made')).toEqual(await lines('history', 'made'));
  });

  it('is ids alone with -q', async () => {
    const steps = (await lines('history', 'made')).length - 1;
    const missing = Array.from({ length: steps - 1 }, () => '<missing>');
    expect(await lines('history', '-q', 'made')).toEqual([id.slice(7, 19), ...missing]);
    expect(await lines('history', '--quiet', '--no-trunc', 'made')).toEqual([id, ...missing]);
  });

  it('is what --format asks for', async () => {
    expect((await lines('history', '--format', '{{.ID}} {{.Size}} {{.Comment}}', 'made'))[0]).toBe(
      `${id.slice(7, 19)} 28B why`,
    );
    const [header, first] = await lines('history', '--format', 'table {{.Comment}}\\t{{.CreatedAt}}', 'made');
    expect([columns(header), columns(first)]).toEqual([
      ['COMMENT', 'CREATED AT'],
      ['why', '2001-09-09T01:46:40Z'],
    ]);
    const [json = ''] = await lines('history', '--no-trunc', '--format', 'json', 'made');
    expect(JSON.parse(json)).toMatchObject({ ID: id, CreatedBy: STEP, Comment: 'why', Size: '28B' });
  });

  it('finds the image as every command does', async () => {
    const expected = await lines('history', 'made');
    for (const name of [id, id.slice(7, 19), 'docker.io/library/made:latest']) {
      expect(await lines('history', name)).toEqual(expected);
    }
    expect(await lines('image', 'history', 'made')).toEqual(expected);
  });

  it.each([
    [['history', 'nothing'], 1, /no such image: nothing/],
    [['history'], 125, /missing required argument 'image'/],
    [['history', '-q', '--format', 'json', 'made'], 125, /cannot be used with option '-q, --quiet'/],
    [['history', '--format', '{{.Nope}}', 'made'], 1, /there is no field "Nope"; there are Comment, CreatedAt, /],
    [['image', 'layers', 'nothing'], 1, /no such image: nothing/],
  ])('says in one line what is wrong with %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });
});

describe('image layers', () => {
  it('are the diff IDs from top to bottom, with size and place', async () => {
    const rows = (await lines('image', 'layers', 'made')).map((line) => line.split('  '));
    const [{ RootFS }] = JSON.parse(await store.ok(['image', 'inspect', 'made'])) as [{ RootFS: { Layers: string[] } }];
    expect(rows.map(([diffId]) => diffId)).toEqual([...RootFS.Layers].reverse());
    expect(rows[0]?.[1]).toBe('28B');
    expect(rows.at(-1)?.[1]).toMatch(/^[\d.]+MB$/);
    for (const [diffId = '', , path = ''] of rows) {
      expect(path).toBe(`${store.root}/layers/${diffId.replace('sha256:', '')}/diff`);
      expect(existsSync(path)).toBe(true);
    }
  });
});
