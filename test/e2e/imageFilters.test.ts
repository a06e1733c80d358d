import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  const archive = Buffer.alloc(10_240);
  const add = (name: string, label: string, day: number) =>
    store.ok(['import', '--change', `LABEL ${label}`, '-', ...(name === '' ? [] : [name])], {
      input: archive,
      env: { SOURCE_DATE_EPOCH: String(day * 86_400) },
    });
  await add('localhost:5000/team/app:1', 'team=web old=yes', 1);
  await add('localhost:5000/team/app:2', 'team=web', 2);
  await add('', 'team=none', 3);
});
afterAll(() => store.close());

/** Names that are listed, sorted. */
async function listed(command: readonly string[], ...filters: string[]): Promise<string[]> {
  const flags = filters.flatMap((filter) => ['--filter', filter]);
  const stdout = await store.ok([...command, '--format', '{{.Repository}}:{{.Tag}}', ...flags]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

const NONE = '<none>:<none>';
const [APP1, APP2] = ['localhost:5000/team/app:1', 'localhost:5000/team/app:2'];

describe.each([[['images']], [['image', 'ls']]])('rcx %j --filter', (command) => {
  it.each([
    [['dangling=true'], [NONE]],
    [['dangling=false'], ['layered:latest', APP1, APP2, 'ubuntu:latest']],
    [['label=team'], [NONE, APP1, APP2]],
    [['label=team=web', 'label!=old'], [APP2]],
    [['before=localhost:5000/team/app:2'], [APP1]],
    [['since=localhost:5000/team/app:2', 'label=team'], [NONE]],
    [['reference=*/*/app'], [APP1, APP2]],
    [
      ['reference=ubuntu', 'reference=*/*/*:1'],
      [APP1, 'ubuntu:latest'],
    ],
    [['until=1970-01-03T12:00Z'], [APP1, APP2]],
    [['label=nothing'], []],
  ])('%j', async (filters, expected) => {
    expect(await listed(command, ...filters)).toEqual(expected);
  });

  it.each([
    ['foo=bar', 1, /there is no filter "foo"; use dangling, label, label!, before, since, reference or until/],
    ['dangling=x', 1, /neither true nor false/],
    ['until=1d', 1, /failed to parse value as time or duration: "1d"/],
    ['since=nobody', 1, /no such image: nobody/],
    ['reference=[', 1, /not a valid pattern/],
    ['dangling', 125, /bad format of filter \(expected name=value\)/],
  ])('refuses %s in one line', async (filter, exitCode, message) => {
    expectFailure(await store.rcx([...command, '-f', filter]), exitCode, message);
  });
});

describe('rcx images -f', () => {
  it('goes together with a name and with -q', async () => {
    expect(await listed(['images', 'localhost:5000/team/app'], 'label=old')).toEqual([APP1]);
    const id = (await store.ok(['image', 'inspect', '-f', '{{.Id}}', APP2])).trim().replace('sha256:', '');
    expect(await store.ok(['images', '-q', '-f', 'reference=*/*/app:2'])).toBe(`${id.slice(0, 12)}\n`);
  });
});
