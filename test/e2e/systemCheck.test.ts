import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeEmptyCgroup } from '../../ts/system/strayCgroups.ts';
import { cgroupsOf } from '../support/cgroups.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { flipByte, truncate } from '../support/damage.ts';
import { waitUntil } from '../support/processes.ts';
import { publishSmall } from '../support/smallImage.ts';

let template: Store;
let store: Store;
beforeAll(async () => {
  await publishSmall('checked', 'one', 'checked');
  template = await newStore();
  await template.ok(['pull', '-q', 'checked:one']);
  const folder = join(template.root, 'layers');
  // The pull's flush may still be under way, and would write into what a test damages.
  await waitUntil(() => readdirSync(folder).every((name) => existsSync(join(folder, name, 'flushed'))));
});
afterAll(() => template.close());
beforeEach(async () => {
  store = await newStore();
  await execa('cp', ['--archive', `${template.root}/.`, store.root]);
});
afterEach(() => store.close());

const below = (...path: string[]) => join(store.root, ...path);
const layers = () =>
  readdirSync(below('layers'))
    .filter((name) => !name.startsWith('.'))
    .map((name) => below('layers', name))
    .sort();
/** Blobs, the largest last: manifest and config are smaller than any layer. */
const blobs = () => {
  const folder = below('images/blobs/sha256');
  const sized = readdirSync(folder).map((name) => ({
    path: join(folder, name),
    size: readFileSync(join(folder, name)).length,
  }));
  return sized.sort((a, b) => a.size - b.size).map(({ path }) => path);
};
const blob = (at: number) => blobs().at(at) ?? '';
const layer = (at: number) => layers().at(at) ?? '';
const aFile = (of: string) => {
  const [directory = ''] = readdirSync(join(of, 'diff'));
  return join(of, 'diff', directory, '42');
};

/** Without what other tests leave on this machine. */
const check = async (...flags: string[]) => {
  const { exitCode, stdout, stderr } = await store.rcx(['system', 'check', ...flags]);
  expect(stderr).toBe('');
  return {
    exitCode,
    lines: stdout
      .trimEnd()
      .split('\n')
      .filter((line) => !/^(left over|removed): cgroup/.test(line)),
  };
};

const OK = '5 blobs, 3 layers, 1 images, 0 containers: ok';

describe('system check', () => {
  it('says that all is well, and what there is', async () => {
    expect(await check()).toEqual({ exitCode: 0, lines: [OK] });
    expect(await check('--deep')).toEqual({ exitCode: 0, lines: [OK] });
    expect(await check('--repair')).toEqual({ exitCode: 0, lines: [OK] });
  });

  it.each<[string, () => void, RegExp, RegExp]>([
    [
      'a blob that was cut',
      () => truncate(blob(-1)),
      /^blob sha256:.*: its \d+ bytes are not what its name says, a part of checked:one; mend it with: rcx system check --repair$/,
      /^repaired: blob .*: fetched again from checked, a layer of checked:one$/,
    ],
    [
      'a blob with another byte',
      () => flipByte(blob(-2)),
      /^blob .* are not what its name says/,
      /^repaired: blob .*fetched again/,
    ],
    [
      'a config with another byte',
      () => flipByte(blob(0)),
      /^blob .* are not what its name says/,
      /^repaired: blob .*fetched again/,
    ],
    [
      'a blob that is gone',
      () => rmSync(blob(-1)),
      /^blob .*: it is missing, a layer of checked:one; /,
      /^repaired: blob .*fetched again/,
    ],
    [
      'a layer that is gone',
      () => rmSync(layer(0), { recursive: true }),
      /^layer .*: it is missing, needed by checked:one; /,
      /^repaired: layer .*: made again/,
    ],
    [
      'a file that is gone',
      () => rmSync(aFile(layer(1))),
      /^layer .*: it is not what its blob holds: .*\/42 is missing, needed by checked:one; /,
      /^repaired: layer .*: made again/,
    ],
    [
      'a damaged index',
      () => writeFileSync(below('images/index.json'), '{"schemaVersion":'),
      /^image index: .*: it names no image any more: /,
      /^repaired: image index: .*made anew with 1 images; 1 have no name any more/,
    ],
    [
      'a damaged oci-layout',
      () => writeFileSync(below('images/oci-layout'), 'x'),
      /^image layout: .*oci-layout: it does not say/,
      /^repaired: image layout: .*: written anew$/,
    ],
  ])('finds %s, and mends it', async (_, damage, problem, repair) => {
    damage();
    const found = await check();
    expect(found.exitCode).toBe(1);
    expect(found.lines).toEqual([expect.stringMatching(problem), expect.stringMatching(/: 1 problem$/)]);
    const repaired = await check('--repair');
    expect(repaired.lines).toEqual([expect.stringMatching(/^found: /), expect.stringMatching(repair), OK]);
    expect(repaired.exitCode).toBe(0);
    expect(await check('--deep')).toEqual({ exitCode: 0, lines: [OK] });
    // Whatever was mended, all of it is there to be run and pulled.
    expect(await store.ok(['pull', 'checked:one'])).toMatch(/\nStatus: .*checked:one\n/);
  });

  it('--deep finds a file with another byte', async () => {
    const file = aFile(layer(0));
    flipByte(file);
    utimesSync(file, 0, 0);
    expect((await check()).exitCode).toBe(0);
    const { exitCode, lines } = await check('--deep');
    expect([exitCode, lines[0]]).toEqual([1, expect.stringMatching(/\/42 has other content, needed by checked:one; /)]);
    expect((await check('--deep', '--repair')).exitCode).toBe(0);
    expect(await check('--deep')).toEqual({ exitCode: 0, lines: [OK] });
  });

  it('prints JSON for programs', async () => {
    const path = blob(-1);
    truncate(path);
    const outcome = await store.rcx(['system', 'check', '--format', 'json']);
    expect(outcome.exitCode).toBe(1);
    const report = JSON.parse(outcome.stdout) as { leftovers: { kind: string }[] };
    expect(report).toMatchObject({
      ...{ blobs: 5, layers: 3, images: 1, containers: 0 },
      problems: [{ kind: 'blob', missing: false, images: ['checked:one'], path, hint: expect.any(String) }],
    });
    const repaired = JSON.parse(await store.ok(['system', 'check', '--repair', '--format', 'json'])) as object;
    expect(repaired).toMatchObject({ problems: [], repairs: [{ result: 'repaired', message: expect.any(String) }] });
  });

  it.each([
    [['system', 'check', 'x'], 125, /too many arguments/],
    [['system', 'check', '--format', 'yaml'], 125, /--format/],
    [['system', 'nonsense'], 125, /unknown command 'nonsense'; see: rcx system --help/],
  ])('says in one line what is wrong with rcx %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });
});

describe('system check of a store with containers', () => {
  beforeEach(async () => {
    await store.ok(['image', 'from-host', '-q', '-t', 'localhost/tool', 'true', 'sleep']);
  });
  const folderOf = async (name: string) =>
    below('containers', (await store.ok(['inspect', '-f', '{{.Id}}', name])).trimEnd());

  it('finds damaged records, and mends the one that can be', async () => {
    await store.ok(['run', '--name', 'state', 'localhost/tool', 'true']);
    await store.ok(['run', '--name', 'config', 'localhost/tool', 'true']);
    const [state, config] = [await folderOf('state'), await folderOf('config')];
    writeFileSync(join(state, 'state.json'), '{');
    writeFileSync(join(config, 'config.json'), 'null');
    const { exitCode, lines } = await check('--repair');
    expect(exitCode).toBe(1);
    expect(lines.filter((line) => line.startsWith('repaired'))).toEqual([
      expect.stringMatching(/state\.json: it has ended, with an unknown exit code$/),
    ]);
    expect(lines.at(-2)).toMatch(
      /^container [0-9a-f]{12}: .*config\.json: its record is damaged: .*; save what you need of/,
    );
    expect(lines.at(-1)).toMatch(/, 2 images, 2 containers: 1 problem$/);
    expect(await store.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}'])).toMatch(/^state Exited \(unknown\)/);
    await store.ok(['rm', '-f', config.split('/').at(-1) ?? '']);
    expect((await check()).exitCode).toBe(0);
  });

  it('does not touch a layer that a container runs on', async () => {
    const process = store.start(['run', '--name', 'running', 'localhost/tool', 'sleep', '1000']);
    await expect.poll(async () => (await store.rcx(['ps', '-q'])).stdout).not.toBe('');
    const [lower = ''] = (await store.ok(['inspect', '-f', '{{.GraphDriver.Data.LowerDir}}', 'running']))
      .trimEnd()
      .split(':')
      .slice(1);
    rmSync(join(lower, 'usr/bin/true'), { force: true });
    const { exitCode, lines } = await check('--repair');
    expect(exitCode).toBe(1);
    expect(lines).toContainEqual(
      expect.stringMatching(/^failed: layer .*: the container running has it as its root; end it with/),
    );
    await store.ok(['rm', '-f', 'running']);
    await process;
    expect((await check('--repair')).exitCode).toBe(0);
    expect(await store.ok(['run', '--rm', 'localhost/tool', 'true'])).toBe('');
  });

  it('clears up what killed commands have left', async () => {
    const id = 'e'.repeat(64);
    const cgroup = cgroupRoot(id);
    mkdirSync(cgroup, { recursive: true });
    utimesSync(cgroup, 0, 0);
    mkdirSync(below('layers/.tmp-dead/diff'), { recursive: true });
    mkdirSync(below('containers/.tmp-dead'), { recursive: true });
    writeFileSync(below('images/.tmp-dead'), 'x');
    try {
      const found = await store.rcx(['system', 'check']);
      expect(found.exitCode).toBe(0);
      expect(found.stdout).toContain(`left over: cgroup ${cgroup}: it has no container\n`);
      expect(found.stdout.match(/^left over: temporary: .*: its maker is gone$/gm)).toHaveLength(3);
      const { exitCode, stdout } = await store.rcx(['system', 'check', '--repair']);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`removed: cgroup: ${cgroup}\n`);
      expect(stdout).not.toMatch(/^left over: temporary/m);
      expect(cgroupsOf(id)).toEqual([]);
    } finally {
      removeEmptyCgroup(cgroup);
    }
  });

  it('tells of an image that nobody has any more, by its name', async () => {
    const [digest = ''] = JSON.parse(
      await store.ok(['inspect', '-f', '[{{json .Descriptor.digest}}]', 'localhost/tool']),
    ) as string[];
    flipByte(below('images/blobs', digest.replace(':', '/')));
    const { exitCode, lines } = await check('--repair');
    expect(lines).toContainEqual(
      `lost: blob ${digest}: a manifest of localhost/tool:latest, which came from no registry`,
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^dropped: image localhost\/tool:latest: taken out of the index: .*; pull or make it again$/,
      ),
    );
    expect(exitCode).toBe(0);
    expect(await store.ok(['images', '--format', '{{.Repository}}'])).toBe('checked\n');
  });

  it('says what a registry that is down keeps it from, and mends it later', async () => {
    await store.ok(['rmi', 'localhost/tool']);
    rmSync(blob(-1));
    const config = join(store.folder, 'down.json');
    writeFileSync(
      config,
      JSON.stringify({ registries: { 'docker.io': { mirrors: ['http://127.0.0.1:1'] } }, defaultNetwork: 'none' }),
    );
    const down = await store.rcx(['system', 'check', '--repair'], {
      env: { RCX_CONFIG: config, HTTPS_PROXY: 'http://127.0.0.1:1' },
    });
    expect(down.exitCode).toBe(1);
    expect(down.stdout).toMatch(/^failed: blob .*: a layer of checked:one: /m);
    expect((await check('--repair')).exitCode).toBe(0);
  });
});

/** Where the first hierarchy has, or would have, the cgroup of a container. */
function cgroupRoot(id: string): string {
  const [line = ''] = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((each) => / - cgroup2? /.test(each) && !/name=/.test(each));
  return join(line.split(' ')[4] ?? '', 'rcx', id);
}
