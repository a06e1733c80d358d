import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { copyImage } from '../support/images.ts';
import { Terminal } from '../support/pty.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { publishSmall } from '../support/smallImage.ts';
import { wreckage } from '../support/wreckage.ts';

const SPACE = /^Total reclaimed space: [\d.]+[kMG]?B$/;

let store: Store;
beforeAll(async () => {
  store = await newStore();
  await store.ok(['image', 'from-host', '-q', '-t', 'localhost/tool', 'true', 'sleep']);
});
afterAll(() => store.close());

const idOf = async (name: string) => (await store.ok(['inspect', '-f', '{{.Id}}', name])).trimEnd();
const layersOf = async (name: string) =>
  JSON.parse(await store.ok(['inspect', '-f', '{{json .RootFS.Layers}}', name])) as string[];
const lines = (text: string) => text.split('\n');

describe('the question', () => {
  const IMAGES = 'WARNING! This will remove all dangling images.\nAre you sure you want to continue? [y/N] ';
  const ALL =
    'WARNING! This will remove all images without at least one container associated to them.\n' +
    'Are you sure you want to continue? [y/N] ';
  const CONTAINERS = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ';
  const system = (images: string, filters = '') =>
    `WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n  - ${images}\n\n${filters}Are you sure you want to continue? [y/N] `;

  it.each([
    [['image', 'prune'], IMAGES],
    [['image', 'prune', '-a'], ALL],
    [['container', 'prune'], CONTAINERS],
    [['system', 'prune'], system('all dangling images')],
    [['system', 'prune', '-a'], system('all images without at least one container associated to them')],
    [
      ['system', 'prune', '--filter', 'label=x', '--filter', 'until=24h'],
      system('all dangling images', '  Items to be pruned will be filtered with:\n  - label=x\n  - until=24h\n\n'),
    ],
  ])('of rcx %j is docker’s, and anything but y is no', async (args, question) => {
    for (const input of ['', 'n\n', 'yes\n', '\ny\n']) {
      const outcome = await store.rcx(args, { input });
      expect(outcome, JSON.stringify(input)).toMatchObject({ exitCode: 0, stdout: question, stderr: '' });
    }
    expect(await store.ok(['images', '-q'])).not.toBe('');
  });

  it.each(['y\n', 'Y', '  y  \nn\n'])('is answered by %j', async (input) => {
    const { stdout } = await store.rcx(['image', 'prune'], { input });
    expect(stdout).toMatch(/\[y\/N\] Total reclaimed space: 0B\n$/);
  });
});

describe('the question at a terminal', () => {
  it('is put there, and answered there', async () => {
    const terminal = await Terminal.open(store.env);
    try {
      await terminal.type(`${RCX_BIN} image prune`);
      await terminal.waitFor(/Are you sure you want to continue\? \[y\/N\]$/);
      await terminal.type('y');
      await terminal.waitFor(/\[y\/N\] y\nTotal reclaimed space: 0B\nhost>$/);
    } finally {
      await terminal.close();
    }
  });
});

describe('image prune', () => {
  it('removes what lost its name, and with -a all that no container uses', async () => {
    await publishSmall('pruned', 'one', 'first');
    await store.ok(['pull', '-q', 'pruned:one']);
    const [old, oldLayers] = [await idOf('pruned:one'), await layersOf('pruned:one')];
    await publishSmall('pruned', 'one', 'second');
    await store.ok(['pull', '-q', 'pruned:one']);
    const [, ...report] = lines(await store.ok(['image', 'prune', '-f']));
    expect(report).toEqual([`deleted: ${old}`, `deleted: ${oldLayers.at(-1)}`, '', expect.stringMatching(SPACE), '']);
    const id = await idOf('pruned:one');
    const layers = await layersOf('pruned:one');
    await store.ok(['run', '--name', 'user', 'localhost/tool', 'true']);
    const all = lines(await store.ok(['image', 'prune', '-a', '-f']));
    expect(all).toEqual([
      'Deleted Images:',
      'untagged: pruned:one',
      expect.stringMatching(/^untagged: pruned@sha256:/),
      `deleted: ${id}`,
      ...layers.reverse().map((layer) => `deleted: ${layer}`),
      '',
      expect.stringMatching(SPACE),
      '',
    ]);
    expect(await store.ok(['run', '--rm', 'localhost/tool', 'true'])).toBe('');
    await store.ok(['rm', 'user']);
  });

  it('clears up what was left by killed commands', async () => {
    mkdirSync(join(store.root, 'layers/.tmp-dead/diff'), { recursive: true });
    writeFileSync(join(store.root, 'images/.tmp-dead'), 'x'.repeat(100_000));
    expect(await store.ok(['image', 'prune', '-f'])).toMatch(/^Total reclaimed space: 1\d\dkB\n$/);
    expect(wreckage(store.root)).toEqual([]);
  });

  it('keeps what a damaged image may need, and says so', async () => {
    const own = await newStore();
    await publishSmall('kept', 'one', 'kept');
    await own.ok(['pull', '-q', 'kept:one']);
    const index = JSON.parse(readFileSync(join(own.root, 'images/index.json'), 'utf8')) as {
      manifests: { digest: string }[];
    };
    const manifest = join(own.root, 'images/blobs', (index.manifests[0]?.digest ?? '').replace(':', '/'));
    writeFileSync(manifest, '{}');
    const { exitCode, stdout, stderr } = await own.rcx(['image', 'prune', '-af']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Total reclaimed space: 0B\n' });
    expect(stderr).toMatch(
      /^rcx: content was kept that the image docker\.io\/library\/kept:one may need: .*rcx system check\n$/,
    );
    expect(readdirSync(join(own.root, 'layers'))).toHaveLength(3);
    await own.close();
  });
});

describe('container prune', () => {
  it('removes those that have ended', async () => {
    for (const name of ['first', 'second'])
      await store.ok(['run', '--name', name, '-l', 'a=b', 'localhost/tool', 'true']);
    await store.ok(['run', '--name', 'third', 'localhost/tool', 'true']);
    const process = store.start(['run', '--name', 'running', 'localhost/tool', 'sleep', '1000']);
    await expect.poll(() => store.ok(['ps', '-q'])).not.toBe('');
    const ids = (await store.ok(['ps', '-aq', '--no-trunc'])).split('\n').slice(1, 4);
    const filtered = lines(await store.ok(['container', 'prune', '-f', '--filter', 'label=a']));
    expect(filtered).toEqual(['Deleted Containers:', ids[1], ids[2], '', expect.stringMatching(SPACE), '']);
    expect(lines(await store.ok(['container', 'prune', '-f']))[1]).toBe(ids[0]);
    expect(await store.ok(['container', 'prune', '-f'])).toBe('Total reclaimed space: 0B\n');
    expect(await store.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('running\n');
    await store.ok(['rm', '-f', 'running']);
    await process;
  });
});

describe('system prune', () => {
  it('removes containers, then images', async () => {
    await publishSmall('system', 'one', 'system');
    await store.ok(['pull', '-q', 'system:one']);
    await store.ok(['run', '--name', 'ended', 'localhost/tool', 'true']);
    const output = await store.ok(['system', 'prune', '-a', '-f']);
    expect(output).toMatch(
      /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Images:\n(untagged: .*\n|deleted: sha256:.*\n)+\nTotal reclaimed space: [\d.]+MB\n$/,
    );
    expect(output).toContain('untagged: localhost/tool:latest\n');
    expect(await store.ok(['images', '-q'])).toBe('');
    expect(await store.ok(['system', 'prune', '-f'])).toBe('Total reclaimed space: 0B\n');
  });

  it.each([
    [['system', 'prune', 'x'], 125, /too many arguments/],
    [['image', 'prune', '-f', '--filter', 'label'], 125, /bad format of filter \(expected name=value\)/],
    [['image', 'prune', '-f', '--filter', 'name=x'], 1, /there is no filter "name"; use until, label or label!/],
    [['container', 'prune', '-f', '--filter', 'until=1d'], 1, /failed to parse value as time or duration: "1d"/],
    [['system', 'prune', '-f', '--filter', 'until=1h', '--filter', 'until=2h'], 1, /more than one until filter/],
  ])('says in one line what is wrong with rcx %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });
});

describe('a prune beside other commands', () => {
  const ROUNDS = 20;

  it('takes nothing from those that pull and run the same image again and again', async () => {
    const own = await newStore();
    await own.ok(['image', 'from-host', '-q', '-t', 'localhost/tool', 'true']);
    await copyImage(
      `oci:${join(own.root, 'images')}:localhost/tool:latest`,
      `docker://${inject('e2e').registry}/library/busy:latest`,
    );
    let ended = false;
    let pruned = 0;
    // Prunes that all came when nothing could be taken have shown nothing: then there is more to do beside them.
    const isEnough = (round: number) => round >= ROUNDS / 2 && (pruned > 2 || round >= ROUNDS * 4);
    const pull = async () => {
      for (let round = 0; !isEnough(round); round++) await own.ok(['pull', '-q', 'busy']);
    };
    const run = async () => {
      for (let round = 0; !isEnough(round); round++) await own.ok(['run', '--rm', '-q', 'busy', 'true']);
    };
    const working = Promise.all([pull(), run()]).finally(() => {
      ended = true;
    });
    while (!ended) {
      if ((await own.ok(['image', 'prune', '-a', '-f'])).startsWith('Deleted')) pruned++;
      await sleep(50);
    }
    await working;
    expect(pruned).toBeGreaterThan(2);
    expect(await own.ok(['system', 'check'])).toMatch(/: ok\n$/);
    await own.ok(['image', 'prune', '-a', '-f']);
    expect(readdirSync(join(own.root, 'layers'))).toEqual([]);
    expect(existsSync(join(own.root, 'images/index.json'))).toBe(true);
    await own.close();
  });
});
