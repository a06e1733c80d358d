import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveOf, dockerFiles, dockerImage } from '../support/archives.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';
import { Terminal } from '../support/pty.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { wreckage } from '../support/wreckage.ts';

let store: Store;
/** An archive of both images. */
let both: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  both = join(store.folder, 'both.tar');
  expect(await store.ok(['save', '-o', both, 'ubuntu', 'layered'])).toBe('');
});
afterAll(() => store.close());

const id = async (name: string, from = store) => (await from.ok(['inspect', '-f', '{{.Id}}', name])).trimEnd();

/** A shell in which `$rcx` is the command line and `$other` the root of another store. */
function shell(script: string, other: Store) {
  const env = { ...store.env, rcx: RCX_BIN, other: other.root };
  return execa('bash', ['-o', 'pipefail', '-c', script], { env, extendEnv: false, reject: false });
}

/** Runs `body` with an empty store. */
async function withStore(body: (own: Store) => Promise<void>): Promise<void> {
  const own = await newStore();
  try {
    await body(own);
  } finally {
    await own.close();
  }
}

describe('an image', () => {
  it('goes from store to store through a pipe, and runs there', () =>
    withStore(async (own) => {
      const result = await shell('"$rcx" save layered | RCX_ROOT="$other" "$rcx" load', own);
      expect(result).toMatchObject({ exitCode: 0, stdout: 'Loaded image: layered:latest', stderr: '' });
      expect(await id('layered', own)).toBe(await id('layered'));
      const script = 'cat /srv/motd /data/becomes-directory/file; stat -c %a /data/setuid; ls /data/gone 2>&1';
      const run = await own.rcx([
        'run',
        '--rm',
        '--pull',
        'never',
        '-u',
        '0',
        '--entrypoint',
        'sh',
        'layered',
        '-c',
        script,
      ]);
      expect(run.stdout).toBe("hello\ninside\n4755\nls: cannot access '/data/gone': No such file or directory\n");
      expect(wreckage(own.root)).toEqual([]);
    }));

  it.each(['gzip', 'zstd -q'])('may be compressed on the way: %s', (program) =>
    withStore(async (own) => {
      const { id: small, ...image } = dockerImage([new TarBuilder().file('a', 'b').build()], ['small:v1']);
      await own.ok(['load'], { input: archiveOf(dockerFiles({ id: small, ...image })).build() });
      const script = `RCX_ROOT="$other" "$rcx" image save small:v1 | ${program} | RCX_ROOT="$other/2" "$rcx" image load -q`;
      expect(await shell(script, own)).toMatchObject({ exitCode: 0, stdout: 'Loaded image: small:v1', stderr: '' });
    }),
  );

  it('comes with others in one archive, each layer once', () =>
    withStore(async (own) => {
      const one = join(own.folder, 'layered.tar');
      await store.ok(['save', '-o', one, 'layered']);
      expect(statSync(both).size).toBeLessThan(statSync(one).size + 1_000_000);
      expect(statSync(both).mode & 0o777).toBe(0o600);
      expect(await own.ok(['load', '-i', both])).toBe('Loaded image: layered:latest\nLoaded image: ubuntu:latest\n');
      for (const name of ['ubuntu', 'layered']) expect(await id(name, own)).toBe(await id(name));
    }));

  it('is known by its ID alone where it was saved so', () =>
    withStore(async (own) => {
      const result = await shell(
        `"$rcx" save ${(await id('ubuntu')).slice(7, 19)} | RCX_ROOT="$other" "$rcx" load`,
        own,
      );
      expect(result).toMatchObject({ exitCode: 0, stdout: `Loaded image ID: ${await id('ubuntu')}` });
      expect(await own.ok(['images', '--format', '{{.Repository}}:{{.Tag}}'])).toBe('<none>:<none>\n');
      expect(await own.ok(['run', '--rm', await id('ubuntu'), 'echo', 'here'])).toBe('here\n');
    }));

  it('takes the name of another one', () =>
    withStore(async (own) => {
      const make = (comment: string) => {
        const layer = new TarBuilder().file('a', comment).build();
        return dockerImage([layer], ['localhost:5000/app:v1', 'app'], { comment });
      };
      const [before, after] = [make('before'), make('after')];
      await own.ok(['load'], { input: archiveOf(dockerFiles(before)).build() });
      const input = archiveOf(dockerFiles(after)).build();
      const renamed = (name: string) =>
        `The image ${name} already exists, renaming the old one with ID ${before.id} to empty string\nLoaded image: ${name}\n`;
      expect(await own.ok(['load', '-q'], { input })).toBe(renamed('localhost:5000/app:v1') + renamed('app:latest'));
      expect(await own.ok(['load'], { input })).toBe('Loaded image: localhost:5000/app:v1\nLoaded image: app:latest\n');
    }));
});

describe('a terminal', () => {
  it('gets no archive, and is not waited for', async () => {
    const terminal = await Terminal.open({ ...store.env, rcx: RCX_BIN });
    try {
      await terminal.type('"$rcx" save ubuntu; echo "code $?"');
      await terminal.waitFor(/cowardly refusing to save to a terminal\. Use the -o flag or redirect\ncode 1/);
      await terminal.type('"$rcx" load; echo "code $?"');
      await terminal.waitFor(/requested load from stdin, but stdin is empty; .*\ncode 1/s);
    } finally {
      await terminal.close();
    }
  });
});

describe('what is wrong is said in one line', () => {
  it.each([
    [['save'], 125, /missing required argument 'image'; see: rcx save --help/],
    [['save', '--format', 'zip', 'ubuntu'], 125, /--format.*Allowed choices are oci-archive, docker-archive/],
    [['save', '--platform', 'a/b/c/d', 'ubuntu'], 125, /a\/b\/c\/d/],
    [['load', 'file'], 125, /too many arguments/],
    [['save', 'nothing'], 1, /no such image: nothing/],
    [['save', '-o', '/no/such/x.tar', 'ubuntu'], 1, /save: \/no\/such\/x\.tar: ENOENT/],
    [['save', '-o', '/', 'ubuntu'], 1, /save: \/: EISDIR/],
    [
      ['save', '--platform', 'linux/s390x', 'ubuntu'],
      1,
      /save ubuntu: the image is for linux\/\w+, not for linux\/s390x/,
    ],
    [['load', '-i', '/no/such/x.tar'], 1, /load: \/no\/such\/x\.tar: ENOENT/],
    [['load', '-i', '/'], 1, /load: \/: EISDIR.*tar -C FOLDER -c \. \| rcx load/],
    [['load'], 1, /load: the archive is empty/],
  ])('rcx %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });

  it('of an archive that is none, or was cut short', () =>
    withStore(async (own) => {
      expectFailure(await own.rcx(['load'], { input: 'hello\n'.repeat(1000) }), 1, /load: this is not a tar archive/);
      const short = join(own.folder, 'short.tar');
      copyFileSync(both, short);
      truncateSync(short, statSync(short).size / 2);
      expectFailure(await own.rcx(['load', '-i', short]), 1, /load: the archive is truncated/);
      expect([readdirSync(join(own.root, 'images')), wreckage(own.root)]).toEqual([[], []]);
    }));
});

it('a reader of an archive may have seen enough', () =>
  withStore(async (own) => {
    const result = await shell('"$rcx" save layered | head -c 100000 > /dev/null', own);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  }));

describe('a load that is killed', () => {
  it.each([
    ['while it reads', 5],
    ['while it unpacks', 1],
  ])('%s leaves a store in which the next one succeeds', (_, parts) =>
    withStore(async (own) => {
      const archive = readFileSync(both);
      const load = own.start(['load']);
      const half = Math.floor(archive.length / parts);
      load.stdin.on('error', () => undefined);
      load.stdin.write(archive.subarray(0, half));
      if (parts === 1) load.stdin.end();
      const layers = join(own.root, 'layers');
      // The second is killed as soon as there is a layer in the making.
      const begun = () =>
        parts > 1 ? wreckage(own.root).length > 0 : existsSync(layers) && readdirSync(layers).length > 0;
      await waitUntil(begun);
      await sleep(100);
      load.kill('SIGKILL');
      expect(await load).toMatchObject({ signal: 'SIGKILL', stdout: '' });
      expect(await own.ok(['images', '-q'])).toBe('');
      expect(wreckage(own.root)).not.toEqual([]);
      expect(await own.ok(['load', '-i', both])).toMatch(/^Loaded image: layered:latest\n/);
      expect(wreckage(own.root)).toEqual([]);
      expect(await own.ok(['run', '--rm', '--pull', 'never', 'ubuntu', 'echo', 'fine'])).toBe('fine\n');
    }),
  );

  it('by Ctrl-C cleans up at once', () =>
    withStore(async (own) => {
      const load = own.start(['load']);
      load.stdin.on('error', () => undefined);
      load.stdin.write(readFileSync(both).subarray(0, 1_000_000));
      await waitUntil(() => wreckage(own.root).length > 0);
      load.kill('SIGINT');
      expect(await load).toMatchObject({ signal: 'SIGINT' });
      expect(wreckage(own.root)).toEqual([]);
    }));
});

describe('a save that is killed', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('by %s leaves the file as it was', async (signal) => {
    const file = join(store.folder, `${signal}.tar`);
    writeFileSync(file, 'before');
    const save = store.start(['save', '-o', file, 'ubuntu', 'layered']);
    const temporaries = () =>
      readdirSync(store.folder).filter((name) => name.startsWith(`${signal}.tar.`) && name.endsWith('.tmp'));
    await waitUntil(() => temporaries().length > 0);
    save.kill(signal);
    expect(await save).toMatchObject({ signal });
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(temporaries()).toHaveLength(signal === 'SIGTERM' ? 0 : 1);
  });
});
