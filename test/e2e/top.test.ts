import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';

let store: Store;
/** A PATH with node alone. */
let bare: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  bare = join(store.folder, 'bin');
  mkdirSync(bare);
  symlinkSync(process.execPath, join(bare, 'node'));
  await store.ok(['run', '-d', '--name', 'busy', 'ubuntu', 'sh', '-c', 'sleep 601 & sleep 602 & wait']);
  await store.ok(['create', '--name', 'idle', 'ubuntu', 'true']);
  await waitUntil(async () => (await rows('busy')).length === 3);
});
afterAll(async () => {
  await store.ok(['rm', '-f', ...(await store.ok(['ps', '-aq'])).trim().split('\n')]);
  await store.close();
});

/** The lines below the titles, by column. */
async function rows(...words: string[]): Promise<string[][]> {
  const [, ...lines] = (await store.ok(['top', ...words])).trimEnd().split('\n');
  return lines.map((line) => line.split(/ {3,}/));
}

describe('top', () => {
  it('lists the processes of the container in the columns of ps -ef', async () => {
    const [titles] = (await store.ok(['top', 'busy'])).split('\n');
    expect(titles?.split(/ +/)).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    const found = await rows('busy');
    expect(found.map((row) => row[7])).toEqual(['sh -c sleep 601 & sleep 602 & wait', 'sleep 601', 'sleep 602']);
    const pid = (await store.ok(['inspect', '-f', '{{.State.Pid}}', 'busy'])).trim();
    expect(found.map((row) => [row[0], row[2]])).toEqual([
      ['root', expect.stringMatching(/^\d+$/)],
      ['root', pid],
      ['root', pid],
    ]);
  });

  it('needs no ps for that, and says so where it needs one', async () => {
    const env = { PATH: bare };
    expect(await store.ok(['top', 'busy'], { env })).toContain('sleep 602');
    expectFailure(
      await store.rcx(['top', 'busy', '-o', 'pid'], { env }),
      1,
      /this machine has no ps, .*; leave them out/,
    );
  });

  it('takes ps’ options', async () => {
    const found = await rows('busy', '-o', 'pid,comm,args');
    expect(found.map((row) => row.slice(1).join('|'))).toEqual([
      'sh|sh -c sleep 601 & sleep 602 & wait',
      'sleep|sleep 601',
      'sleep|sleep 602',
    ]);
    expect((await rows('busy', 'aux')).map((row) => row.at(-1))).toContain('sleep 601');
    expect(await rows('busy', '-ef')).toHaveLength(3);
    expect((await store.ok(['container', 'top', 'busy', '-o', 'pid,user'])).split('\n')[0]).toMatch(/^PID +USER$/);
  });

  it('lists what is paused', async () => {
    await store.ok(['pause', 'busy']);
    expect(await rows('busy')).toHaveLength(3);
    await store.ok(['unpause', 'busy']);
  });

  it('lists what was executed beside it', async () => {
    await store.ok(['exec', '-d', 'busy', 'sleep', '603']);
    await waitUntil(async () => (await rows('busy')).some((row) => row[7] === 'sleep 603'));
  });

  it.each([
    [['idle'], /idle: it is not running/],
    [['nobody'], /no such container: nobody/],
    [['busy', '-o', 'comm'], /no column PID/],
    [['busy', '-o', 'ppid=PID'], /a column cannot be called "PID"/],
    [['busy', '--no-such-option'], /ps --no-such-option: /],
  ])('refuses %j', async (words, message) => {
    expectFailure(await store.rcx(['top', ...words]), 1, message);
  });
});
