import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const volumes = async (...flags: string[]) =>
  (await store.ok(['volume', 'ls', '-q', ...flags])).split('\n').slice(0, -1);
const inspect = async (name: string) => JSON.parse(await store.ok(['volume', 'inspect', name]))[0];
const folder = (name: string) => join(store.root, 'volumes', name);

describe('volume create', () => {
  it('makes a volume and says its name; twice is once', async () => {
    expect(await store.ok(['volume', 'create', 'made'])).toBe('made\n');
    const before = await inspect('made');
    expect(await store.ok(['volume', 'create', 'made'])).toBe('made\n');
    expect(await inspect('made')).toEqual(before);
    expect(before).toEqual({
      CreatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      Driver: 'local',
      Labels: null,
      Mountpoint: join(folder('made'), '_data'),
      Name: 'made',
      Options: null,
      Scope: 'local',
    });
    expect(readdirSync(before.Mountpoint)).toEqual([]);
  });

  it('makes a name up', async () => {
    const name = (await store.ok(['volume', 'create', '--label', 'a=1'])).trimEnd();
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    expect((await inspect(name)).Labels).toEqual({ a: '1', 'com.docker.volume.anonymous': '' });
    await store.ok(['volume', 'rm', name]);
  });

  it.each([
    [['x'], 1, /create x: volume name is too short/],
    [['../out'], 1, /"\.\.\/out" includes invalid characters for a local volume name/],
    [['--driver', 'rexray', 'ok1'], 1, /"rexray" is not there/],
    [['-o', 'size=1m', 'ok1'], 1, /quota size requested but no quota support/],
    [['-o', 'colour=red', 'ok1'], 1, /invalid option: "colour"/],
    [['-o', 'device=/x', 'ok1'], 1, /missing required option: "type"/],
    [['-o', 'novalue', 'ok1'], 1, /name=value/],
    [['one1', 'two2'], 1, /too many arguments/],
  ])('refuses %j', async (args, exitCode, message) => {
    const outcome = await store.rcx(['volume', 'create', ...args]);
    expect(outcome.stderr).toMatch(message);
    expect([exitCode, 125]).toContain(outcome.exitCode);
    expect(existsSync(folder('ok1'))).toBe(false);
  });

  it('refuses to make of a volume what it is not', async () => {
    await store.ok(['volume', 'create', '--label', 'a=1', 'labelled']);
    await store.ok(['volume', 'create', '--label', 'a=1', 'labelled']);
    expectFailure(await store.rcx(['volume', 'create', '--label', 'a=2', 'labelled']), 1, /conflict.*other labels/);
    expectFailure(
      await store.rcx(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'labelled']),
      1,
      /conflict.*other options/,
    );
    await store.ok(['volume', 'rm', 'labelled']);
  });

  it('makes one of many that ask at once', async () => {
    const names = await Promise.all(Array.from({ length: 6 }, () => store.ok(['volume', 'create', 'crowd'])));
    expect(new Set(names)).toEqual(new Set(['crowd\n']));
    expect(readdirSync(join(store.root, 'volumes')).filter((name) => name.startsWith('.'))).toEqual([]);
    await store.ok(['volume', 'rm', 'crowd']);
  });
});

describe('volume ls', () => {
  it('lists, filters and formats as docker does', async () => {
    await store.ok(['volume', 'create', '--label', 'team=web', '--label', 'b', 'alpha']);
    await store.ok(['volume', 'create', 'beta']);
    await store.ok(['create', '--name', 'user', '-v', 'beta:/b', 'ubuntu', 'true']);
    expect(await volumes('-f', 'label=team=web')).toEqual(['alpha']);
    expect(await volumes('-f', 'label=team', '-f', 'label=b')).toEqual(['alpha']);
    expect(await volumes('-f', 'name=et')).toEqual(['beta']);
    expect(await volumes('-f', 'dangling=false')).toEqual(['beta']);
    expect(await volumes('-f', 'dangling=true', '-f', 'name=alpha', '-f', 'name=beta')).toEqual(['alpha']);
    expect(await volumes('-f', 'driver=none')).toEqual([]);
    const table = await store.ok(['volume', 'ls', '-f', 'name=alpha']);
    expect(table).toBe('DRIVER    VOLUME NAME\nlocal     alpha\n');
    const format = '{{.Driver}} {{.Name}} {{.Scope}} {{.Mountpoint}} {{.Labels}} {{.Label "team"}}';
    expect(await store.ok(['volume', 'ls', '-f', 'name=alpha', '--format', format])).toBe(
      `local alpha local ${folder('alpha')}/_data b=,team=web web\n`,
    );
    expect(JSON.parse(await store.ok(['volume', 'ls', '-f', 'name=alpha', '--format', 'json']))).toEqual({
      ...{ Availability: 'N/A', Driver: 'local', Group: 'N/A', Labels: 'b=,team=web', Links: 'N/A' },
      ...{ Mountpoint: `${folder('alpha')}/_data`, Name: 'alpha', Scope: 'local', Size: 'N/A', Status: 'N/A' },
    });
    expectFailure(await store.rcx(['volume', 'ls', '-f', 'colour=red']), 1, /there is no filter "colour"/);
    expect(await store.ok(['volume', 'inspect', '-f', '{{.Name}} {{.Driver}}', 'alpha', 'beta'])).toBe(
      'alpha local\nbeta local\n',
    );
    expect(await store.ok(['inspect', '--type', 'volume', '-f', '{{.Name}}', 'alpha'])).toBe('alpha\n');
    expect(await store.ok(['inspect', '-f', '{{.Mountpoint}}', 'alpha'])).toBe(`${folder('alpha')}/_data\n`);
    await store.ok(['rm', 'user']);
    await store.ok(['volume', 'rm', 'alpha', 'beta']);
  });
});

describe('volume rm', () => {
  it('tells what is not there, unless forced, and goes on', async () => {
    await store.ok(['volume', 'create', 'there']);
    const outcome = await store.rcx(['volume', 'rm', 'nope', 'there', '../etc']);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: 'there\n' });
    expect(outcome.stderr).toMatch(/get nope: no such volume.*\n.*get \.\.\/etc: no such volume/);
    expect(await store.ok(['volume', 'rm', '-f', 'nope'])).toBe('nope\n');
    expectFailure(await store.rcx(['volume', 'inspect', '-f', '{{.Name}}', 'nope']), 1, /get nope: no such volume/);
  });

  it('keeps what a container has, also one that does not run', async () => {
    const id = (await store.ok(['create', '--name', 'keeps', '-v', 'kept:/data', 'ubuntu', 'true'])).trimEnd();
    for (const flags of [[], ['-f']]) {
      const outcome = await store.rcx(['volume', 'rm', ...flags, 'kept']);
      expectFailure(outcome, 1, new RegExp(`remove kept: volume is in use - \\[${id}\\]`));
    }
    expect(await store.ok(['ps', '-a', '--filter', 'volume=kept', '--format', '{{.Names}}'])).toBe('keeps\n');
    expect(await store.ok(['ps', '-a', '--filter', 'volume=/data', '--format', '{{.Names}}'])).toBe('keeps\n');
    expect(await store.ok(['ps', '-a', '--filter', 'volume=other', '--format', '{{.Names}}'])).toBe('');
    await store.ok(['rm', '-v', 'keeps']);
    expect(await volumes()).toContain('kept');
    await store.ok(['volume', 'rm', 'kept']);
    expect(existsSync(folder('kept'))).toBe(false);
  });
});

describe('volume prune', () => {
  it('removes what has no name, and with -a all that no container has', async () => {
    for (const name of ['named', 'spared']) await store.ok(['volume', 'create', '--label', `n=${name}`, name]);
    const anonymous = (await store.ok(['volume', 'create'])).trimEnd();
    await store.ok(['create', '--name', 'user', '-v', 'used:/u', '-v', '/unnamed', 'ubuntu', 'true']);
    const question = 'WARNING! This will remove anonymous local volumes not used by at least one container.';
    const asked = await store.rcx(['volume', 'prune'], { input: 'n\n' });
    expect(asked).toMatchObject({ exitCode: 0, stdout: `${question}\nAre you sure you want to continue? [y/N] ` });
    expect(await store.ok(['volume', 'prune', '-f'])).toMatch(
      new RegExp(`^Deleted Volumes:\\n${anonymous}\\n\\nTotal reclaimed space: [\\d.]+k?B\\n$`),
    );
    const all = await store.ok(['volume', 'prune', '-a', '-f', '--filter', 'label!=n=spared', '--filter', 'label=n']);
    expect(all).toMatch(/^Deleted Volumes:\nnamed\n\nTotal/);
    expect(await volumes('-f', 'name=used')).toEqual(['used']);
    expect(await volumes('-f', 'dangling=false')).toHaveLength(2);
    await store.ok(['rm', 'user']);
    expect(await store.ok(['system', 'prune', '-f', '--volumes'])).toMatch(/^Deleted Volumes:\n[0-9a-f]{64}\n\n/);
    expect(await volumes()).toEqual(expect.arrayContaining(['spared', 'used']));
    expect(await store.ok(['volume', 'prune', '-af'])).toMatch(/Deleted Volumes:\n(made\n)?spared\nused\n/);
    expect(await volumes()).toEqual([]);
  });
});

it('system df counts volumes', async () => {
  await store.ok(['run', '--rm', '-v', 'big:/b', 'ubuntu', 'sh', '-c', 'head -c 1000000 /dev/zero > /b/zeros']);
  await store.ok(['create', '--name', 'user', '-v', 'big:/b', '-v', 'small:/s', 'ubuntu', 'true']);
  await store.ok(['volume', 'create', 'free']);
  const [total, active, size] = (
    await store.ok(['system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}'])
  )
    .split('\n')
    .find((line) => line.startsWith('Local Volumes'))
    ?.split(' ')
    .slice(2) ?? ['', '', ''];
  expect([total, active]).toEqual(['3', '2']);
  expect(size).toMatch(/^1\.?\d*MB$/);
  const verbose = await store.ok(['system', 'df', '-v']);
  expect(verbose).toMatch(/VOLUME NAME +LINKS +SIZE\nbig +1 +1\.?\d*MB\nfree +0 +0B\nsmall +1 +0B\n/);
  await store.ok(['rm', 'user']);
  await store.ok(['volume', 'rm', 'big', 'small', 'free']);
});

it('events tell of volumes', async () => {
  const begin = Math.floor(Date.now() / 1000) - 1;
  const id = (await store.ok(['run', '-d', '-v', 'told:/t:ro', 'ubuntu', 'true'])).trimEnd();
  await store.ok(['wait', id]);
  await store.ok(['rm', id]);
  await store.ok(['volume', 'rm', 'told']);
  const flags = ['--since', String(begin), '--until', '0s', '-f', 'type=volume', '-f', 'volume=told'];
  const events = (await store.ok(['events', ...flags, '--format', 'json'])).split('\n').slice(0, -1);
  expect(events.map((line) => JSON.parse(line)).map(({ Action, Actor }) => [Action, Actor.Attributes])).toEqual([
    ['create', { driver: 'local' }],
    ['mount', { container: id, destination: '/t', driver: 'local', propagation: '', 'read/write': 'false' }],
    ['unmount', { container: id, driver: 'local' }],
    ['destroy', { driver: 'local' }],
  ]);
});

describe('system check', () => {
  it('tells of damaged and missing volumes, and mends records', async () => {
    await store.ok(['volume', 'create', '--label', 'a=b', 'hurt']);
    await store.ok(['create', '--name', 'user', '-v', 'gone:/g', 'ubuntu', 'true']);
    writeFileSync(join(folder('hurt'), '_data/work'), 'of a user');
    writeFileSync(join(folder('hurt'), 'volume.json'), '{"name":"hur');
    await store.ok(['run', '--rm', '-v', 'hurt:/h', 'ubuntu', 'cat', '/h/work']);
    const found = await store.rcx(['system', 'check']);
    expect(found).toMatchObject({ exitCode: 1 });
    expect(found.stdout).toMatch(/volume hurt: .*its record is damaged/);
    await store.ok(['system', 'check', '--repair']);
    expect((await inspect('hurt')).Labels).toBeNull();
    expect(readFileSync(join(folder('hurt'), '_data/work'), 'utf8')).toBe('of a user');
    mkdirSync(join(store.folder, 'away'), { recursive: true });
    await store.ok(['rm', 'user']);
    await store.ok(['volume', 'rm', 'hurt', 'gone']);
  });
});
