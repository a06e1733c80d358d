import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { publishSmall } from '../support/smallImage.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore();
  await publishSmall('df', 'one', 'one');
  await publishSmall('df', 'two', 'two');
  for (const name of ['df:one', 'df:two']) await store.ok(['pull', '-q', name]);
  await store.ok(['image', 'from-host', '-q', '-t', 'localhost/tool', 'sh', 'sleep']);
  await store.ok([
    'run',
    '--name',
    'ended',
    'localhost/tool',
    'sh',
    '-c',
    'while read x; do :; done < /dev/null; echo data > /file',
  ]);
});
afterAll(() => store.close());

/** Bytes, from a size as docker prints it. */
function bytes(text = ''): number {
  const units: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
  const [, number = '', unit = ''] = /^([\d.]+)([kMG]?B)$/.exec(text) ?? [];
  return Number(number) * (units[unit] ?? Number.NaN);
}

describe('system df', () => {
  it('is docker’s table, and its sizes are the disk’s', async () => {
    const [header, ...rows] = (await store.ok(['system', 'df'])).trimEnd().split('\n');
    expect(header).toBe('TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE');
    const cells = rows.map((row) => row.split(/ {2,}/));
    expect(cells).toEqual([
      ['Images', '3', '1', expect.stringMatching(/^[\d.]+MB$/), expect.stringMatching(/^[\d.]+MB \(\d+%\)$/)],
      ['Containers', '1', '0', '4.1kB', '4.1kB (100%)'],
      ['Local Volumes', '0', '0', '0B', '0B'],
      ['Build Cache', '0', '0', '0B', '0B'],
    ]);
    const places = ['images/blobs/sha256', 'layers'].map((place) => join(store.root, place));
    const du = execFileSync('du', ['-scB1', ...places], { encoding: 'utf8' });
    const total = Number(du.trimEnd().split('\n').at(-1)?.split('\t')[0]);
    expect(Math.abs(bytes(cells[0]?.[3]) / total - 1)).toBeLessThan(0.01);
  });

  it('-v tells of every image and container', async () => {
    const text = await store.ok(['system', 'df', '-v']);
    expect(text.split('\n').filter((line) => /^[A-Z]/.test(line))).toEqual([
      'Images space usage:',
      expect.stringMatching(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS$/),
      'Containers space usage:',
      expect.stringMatching(/^CONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES$/),
      'Local Volumes space usage:',
      'VOLUME NAME   LINKS     SIZE',
      'Build cache usage: 0B',
      'CACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE     SHARED',
    ]);
    const one = text.split('\n').find((line) => line.startsWith('df ')) ?? '';
    const [, , , , size, shared, unique, containers] = one.split(/ {2,}/);
    expect(containers).toBe('0');
    // Two of three layers.
    expect(bytes(shared) / bytes(size)).toBeGreaterThan(0.6);
    expect(Math.abs((bytes(shared) + bytes(unique)) / bytes(size) - 1)).toBeLessThan(0.01);
    expect(text).toMatch(
      /^[0-9a-f]{12} +localhost\/tool +"sh -c while read x;…" +0 +4\.1kB +.* ago +Exited \(0\) .* ago +ended$/m,
    );
  });

  it('prints what --format asks for', async () => {
    expect(await store.ok(['system', 'df', '--format', '{{.Type}}: {{.TotalCount}} {{.Active}}'])).toBe(
      'Images: 3 1\nContainers: 1 0\nLocal Volumes: 0 0\nBuild Cache: 0 0\n',
    );
    expect(await store.ok(['system', 'df', '--format', 'table {{.Type}}\\t{{.TotalCount}}'])).toMatch(
      /^TYPE +TOTAL\nImages +3\n/,
    );
    const rows = (await store.ok(['system', 'df', '--format', 'json'])).trimEnd().split('\n');
    expect(rows.map((row) => Object.keys(JSON.parse(row) as object))).toEqual(
      Array(4).fill(['Active', 'Reclaimable', 'Size', 'TotalCount', 'Type']),
    );
    const all = JSON.parse(await store.ok(['system', 'df', '-v', '--format', 'json'])) as Record<string, object[]>;
    expect(Object.keys(all)).toEqual(['Images', 'Containers', 'Volumes', 'BuildCache']);
    expect(all.Containers).toMatchObject([
      { Names: 'ended', Size: '4.1kB', ID: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    const names = '{{range .Images}}{{.Repository}}:{{.Tag}} {{.Containers}}{{println}}{{end}}';
    expect((await store.ok(['system', 'df', '-v', '--format', names])).trimEnd().split('\n').sort()).toEqual([
      'df:one 0',
      'df:two 0',
      'localhost/tool:latest 1',
    ]);
  });

  it('says in advance what image prune -a gives back', async () => {
    const reclaimable = async () => {
      const [images = ''] = (await store.ok(['system', 'df', '--format', '{{.Reclaimable}}'])).split('\n');
      return images.split(' ')[0];
    };
    const expected = await reclaimable();
    expect(await store.ok(['image', 'prune', '-af'])).toContain(`Total reclaimed space: ${expected}\n`);
    expect(await reclaimable()).toBe('0B');
  });

  it.each([
    [['system', 'df', 'x'], 125, /too many arguments/],
    [['system', 'df', '-v', '--format', 'table {{.Type}}'], 125, /-v has no table/],
    [['system', 'df', '--format', '{{.Nope}}'], 1, /there is no field "Nope"/],
  ])('says in one line what is wrong with rcx %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });
});
