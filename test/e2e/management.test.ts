import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { stateOf } from '../support/life.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const rows = (table: string) =>
  table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/ {2,}/));
const inspect = async (name: string, format: string) => (await store.ok(['inspect', '-f', format, name])).trimEnd();

/** Starts a container that sleeps, and waits until it runs. In an object: what `start` gives would be awaited to its end. */
async function sleeper(name: string) {
  const process = store.start(['run', '--name', name, 'ubuntu', 'sleep', '1000']);
  const status = async () => (await store.rcx(['inspect', '-f', '{{.State.Status}}', name])).stdout;
  await expect.poll(status, { timeout: 20_000 }).toBe('running\n');
  return { process };
}

describe('containers', () => {
  it('are listed as they are, from start to removal', async () => {
    const { process } = await sleeper('web');
    const [running] = rows(await store.ok(['ps', '--no-trunc']));
    expect(running).toEqual([
      await inspect('web', '{{.Id}}'),
      'ubuntu',
      '"sleep 1000"',
      expect.stringMatching(/ ago$/),
      expect.stringMatching(/^Up /),
      'web',
    ]);
    expectFailure(await store.rcx(['rm', 'web']), 1, /web: it is running; .*rcx rm -f web/);
    expect(await store.ok(['rm', '-f', 'web'])).toBe('web\n');
    expect(await process).toMatchObject({ exitCode: 137 });
    expect(rows(await store.ok(['ps', '-a']))).toEqual([]);
  });

  it('are known to have ended when their monitor was killed', async () => {
    const { process: run } = await sleeper('orphan');
    const id = (await inspect('orphan', '{{.Id}}')).trim();
    process.kill(stateOf(store, id).owner.pid, 'SIGKILL');
    expect(await run).toMatchObject({ exitCode: 125 });
    const status = async () => rows(await store.ok(['ps', '-a']))[0]?.[4];
    await expect.poll(status).toMatch(/^Exited \(unknown\) .* ago$/);
    expect(rows(await store.ok(['ps']))).toEqual([]);
    expect(await inspect('orphan', '{{.State.ExitCode}}')).toBe('-1');
    await store.ok(['rm', 'orphan']);
  });

  it('show the layers of their root, top to bottom', async () => {
    await store.ok(['run', '--name', 'stack', 'layered', 'true']);
    const lines = (await store.ok(['container', 'layers', 'stack'])).trimEnd().split('\n');
    const layers = JSON.parse(await inspect('layered', '{{json .RootFS.Layers}}')) as string[];
    const hex = (digest: string) => digest.replace('sha256:', '');
    expect(lines).toEqual([
      expect.stringMatching(/\/upper {2}rw$/),
      expect.stringMatching(/\/init {2}ro\+wh$/),
      ...layers.reverse().map((layer) => expect.stringMatching(new RegExp(`/${hex(layer)}/diff {2}ro\\+wh$`))),
    ]);
    const lower = lines.slice(1).map((line) => line.split('  ')[0]);
    expect(await inspect('stack', '{{.GraphDriver.Data.LowerDir}}')).toBe(lower.join(':'));
    expect(await inspect('stack', '{{.RootChange}}')).toBe('pivot_root');
    await store.ok(['rm', 'stack']);
  });

  it('are removed as far as they can be, and the others reported', async () => {
    await store.ok(['run', '--name', 'first', 'ubuntu', 'true']);
    await store.ok(['run', '--name', 'second', 'ubuntu', 'true']);
    const { exitCode, stdout, stderr } = await store.rcx(['rm', 'first', 'nobody', 'second']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: 'first\nsecond\n' });
    expect(stderr).toMatch(/^rcx: .*no such container: nobody; .*\n$/);
  });
});

describe('images', () => {
  it('are pulled as docker says it', async () => {
    const own = await newStore();
    const first = await own.ok(['pull', 'ubuntu']);
    expect(first).toMatch(/^Using default tag: latest\nlatest: Pulling from library\/ubuntu\n/);
    expect(first).toMatch(/\nDigest: sha256:[0-9a-f]{64}\nStatus: Downloaded newer image for ubuntu:latest\n/);
    expect(first).toMatch(/\ndocker\.io\/library\/ubuntu:latest\n$/);
    expect(await own.ok(['pull', 'ubuntu:latest'])).toMatch(/\nStatus: Image is up to date for ubuntu:latest\n/);
    expect(await own.ok(['pull', '-q', 'ubuntu'])).toBe('docker.io/library/ubuntu:latest\n');
    await own.close();
  });

  it('are listed, described, and removed with the last name', async () => {
    const own = await newStore({ images: true });
    const id = (await own.ok(['inspect', '-f', '{{.Id}}', 'ubuntu'])).trimEnd();
    expect(rows(await own.ok(['images', 'ubuntu']))).toEqual([
      ['ubuntu', 'latest', id.slice(7, 19), expect.any(String), expect.stringMatching(/^[\d.]+MB$/)],
    ]);
    expect(await own.ok(['images', '-q', '--no-trunc', 'ubuntu'])).toBe(`${id}\n`);
    await own.ok(['run', '--name', 'user', 'ubuntu', 'true']);
    expectFailure(await own.rcx(['rmi', 'ubuntu']), 1, /the container user \([0-9a-f]{12}\) uses it; .*rcx rm user/);
    await own.ok(['rm', 'user']);
    expect(await own.ok(['rmi', 'ubuntu'])).toMatch(/^Untagged: ubuntu:latest\n(Untagged: .*\n)*Deleted: sha256:/);
    expectFailure(await own.rcx(['image', 'rm', 'ubuntu']), 1, /no such image: ubuntu/);
    // The other image may have layers of the first; it is still whole.
    expect(await own.ok(['run', '--rm', '--entrypoint', 'ls', 'layered', '/'])).toMatch(/^bin$/m);
    await own.close();
  });
});

describe('the command line', () => {
  it('describes what it finds, and reports the rest', async () => {
    const { exitCode, stdout, stderr } = await store.rcx(['inspect', 'ubuntu', 'nothing']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ RepoTags: ['ubuntu:latest'] })]);
    expect(stderr).toMatch(/^rcx: inspect: no such container, image or volume: nothing; .*\n$/);
  });

  it('prints what --format asks for', async () => {
    await store.ok(['run', '--name', 'formatted', '-l', 'com.example.role=front', 'ubuntu', 'true']);
    const row = '{{.Names}}\\t{{.Image}} {{.Label "com.example.role"}} {{.State}} {{.Networks}}';
    expect(await store.ok(['ps', '-a', '--format', row])).toBe('formatted\tubuntu front exited none\n');
    expect(await store.ok(['ps', '-a', '--format', 'table {{upper .Names}}\\t{{.Label "com.example.role"}}'])).toBe(
      'NAMES       role\nFORMATTED   front\n',
    );
    const list = '{{range $name, $value := .Config.Labels}}{{$name}}={{$value}}{{println}}{{end}}';
    expect(await inspect('formatted', list)).toContain('com.example.role=front\n');
    await store.ok(['rm', 'formatted']);
    const images = (await store.ok(['images', '--format', 'json'])).trimEnd().split('\n');
    expect(images.map((line) => (JSON.parse(line) as { Repository: string }).Repository).sort()).toEqual([
      'layered',
      'ubuntu',
    ]);
  });

  it('tells about the store and the machine', async () => {
    const info = JSON.parse(await store.ok(['info', '--format', 'json'])) as Record<string, unknown>;
    expect(info).toMatchObject({ RootDir: store.root, Images: 2, ContainersRunning: 0, RootChange: 'pivot_root' });
    expect(await store.ok(['info'])).toContain(`Root directory: ${store.root}\n`);
    const version = JSON.parse(await store.ok(['version', '--format', 'json'])) as { Version: string };
    expect(await store.ok(['--version'])).toBe(`rcx version ${version.Version}\n`);
    expect(info.Version).toBe(version.Version);
  });

  it('writes everything to a slow reader, and is quiet when the reader has gone', async () => {
    const names = Array.from({ length: 200 }, () => 'ubuntu').join(' ');
    const pipeline = (reader: string) =>
      execa('bash', ['-c', `"$0" inspect ${names} | ${reader}; echo "\${PIPESTATUS[0]}"`, RCX_BIN], { env: store.env });
    const whole = (await store.ok(['inspect', ...names.split(' ')])).length;
    expect(whole).toBeGreaterThan(200_000);
    expect((await pipeline('(sleep 1; wc -c)')).stdout).toBe(`${whole}\n0`);
    expect(await pipeline('head -c 1')).toMatchObject({ stdout: '[0', stderr: '' });
  });

  it.each([
    [['ps', '--bogus'], 125, /unknown option '--bogus'; see: rcx ps --help/],
    [['ps', '--al'], 125, /unknown option '--al' \(Did you mean --all\?\)/],
    [['rm'], 125, /missing required argument 'container'; see: rcx rm --help/],
    [['nonsense'], 125, /unknown command 'nonsense'; see: rcx --help/],
    [['image', 'nonsense'], 125, /unknown command 'nonsense'; see: rcx image --help/],
    [['ps', '--format', '{{.ID'], 125, /read --format: 1:1: a {{ without its }}; see: rcx ps --help/],
    [['ps', '-q', '--format', '{{.ID}}'], 125, /'--format <format>' cannot be used with option '-q, --quiet'/],
    [['inspect', '-f', '{{nosuch .}}', 'ubuntu'], 125, /1:3: there is no function "nosuch"; see: rcx inspect --help/],
    [['inspect', '-f', '{{.Nope}}', 'ubuntu'], 1, /1:3: there is no field "Nope"; there are Architecture, Author, /],
    [['images', '--format', 'table {{.Nope}}'], 1, /there is no field "Nope"; there are Containers, CreatedAt, /],
    [['rm', 'nobody'], 1, /no such container: nobody/],
    [['rmi', 'nothing'], 1, /no such image: nothing/],
    [['container', 'layers', 'nobody'], 1, /no such container: nobody/],
    [['images', 'Not A Name'], 1, /invalid image name/],
    [['image', 'from-host', 'no-such-program'], 1, /no-such-program: no such program/],
  ])('says in one line what is wrong with rcx %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });

  it('has help for everything, on stdout', async () => {
    for (const args of [['--help'], ['ps', '--help'], ['image', 'from-host', '--help'], []]) {
      expect(await store.ok(args)).toMatch(/^Usage: rcx /);
    }
  });
});
