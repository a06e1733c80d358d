import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Outcome, type Store } from '../support/cli.ts';
import { basicAuth } from '../support/client.ts';
import { containerTree, differences, imageTree, withoutInitTimes } from '../support/containerTree.ts';
import { CountingProxy } from '../support/countingProxy.ts';
import { Terminal } from '../support/pty.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { LOGIN, startRegistry, type TestRegistry } from '../support/registry.ts';
import { describeWith } from '../support/requires.ts';
import { OTHER_IDS, rootOnly } from '../support/rootOnly.ts';

const ID = /[0-9a-f]{12}/.source;

let store: Store;
let registry: TestRegistry;
let guarded: TestRegistry;
beforeAll(async () => {
  [store, registry, guarded] = [await newStore(), await startRegistry(), await startRegistry({ login: true })];
  await store.ok(['image', 'from-host', '--tag', 'small', 'sh', 'cat']);
  await store.ok(['run', '--name', 'box', 'small', 'sh', '-c', 'echo content > /file']);
});
afterAll(async () => {
  await registry.close();
  await guarded.close();
  await store.close();
});

/** Commits the container under a name of a registry. */
async function commit(name: string, host = registry.host): Promise<string> {
  await store.ok(['commit', '-m', name, 'box', `${host}/${name}`]);
  return `${host}/${name}`;
}

const inspect = async (image: string, format: string, from = store) =>
  (await from.ok(['image', 'inspect', '-f', format, image])).trimEnd();

describe('push', () => {
  rootOnly(OTHER_IDS, 'of a committed container gives others what it was, entry by entry', async () => {
    const name = await commit('shared:1');
    await store.ok(['push', '-q', name]);
    const other = await newStore();
    await other.ok(['pull', '-q', name]);
    expect(await inspect(name, '{{.Id}}', other)).toBe(await inspect(name, '{{.Id}}'));
    const [pulled, own] = [await imageTree(other, name), await containerTree(store, 'box')];
    expect(differences(withoutInitTimes(pulled), withoutInitTimes(own))).toEqual(
      // What rcx itself puts into each container is in no image.
      Object.fromEntries(
        Object.keys(own)
          .filter((path) => /^(dev|proc|sys|etc(\/(hosts|hostname|resolv\.conf|mtab))?)$/.test(path) && !pulled[path])
          .map((path) => [path, [undefined, expect.anything()]]),
      ),
    );
    expect(await other.ok(['run', '--rm', name, 'cat', '/file'])).toBe('content\n');
    await other.close();
  });

  it('says what docker says', async () => {
    const name = await commit('words');
    const { exitCode, stdout, stderr } = await store.rcx(['push', name]);
    const digest = (await inspect(name, '{{index .RepoDigests 0}}')).split('@')[1];
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout:
        `The push refers to repository [${registry.host}/words]\nUsing default tag: latest\n` +
        `latest: digest: ${digest} size: ${await inspect(name, '{{.Descriptor.size}}')}\n`,
    });
    const lines = stderr.trimEnd().split('\n').sort();
    expect(lines).toEqual(
      [...lines].filter((line) =>
        new RegExp(`^${ID}: (Preparing|Compressing|Pushing|Pushed|Mounted from .*|Layer already exists)$`).test(line),
      ),
    );
    expect(lines.filter((line) => /(Pushed|Mounted from .*|exists)$/.test(line))).toHaveLength(2);
    const again = await store.rcx(['push', `${name}:latest`]);
    expect(again.stdout).not.toContain('default tag');
    expect(again.stderr.match(/Layer already exists/g)).toHaveLength(2);
  });

  it('prints the name alone when quiet', async () => {
    const name = await commit('quiet:1');
    expect(await store.rcx(['push', '--quiet', name])).toEqual({
      ...{ exitCode: 0, signal: undefined },
      ...{ stdout: `${name}\n`, stderr: '' },
    });
  });

  it('of all tags sends each image of the repository, and no other', async () => {
    for (const name of ['all:1', 'all:2', 'all:latest', 'all/other:1', 'everything:1']) await commit(name);
    const stdout = await store.ok(['push', '--all-tags', `${registry.host}/all`]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/: digest: sha256:[0-9a-f]{64} size: \d+$/, ''))).toEqual([
      `The push refers to repository [${registry.host}/all]`,
      ...['1', '2', 'latest'],
    ]);
    expect(await store.ok(['push', '-aq', `${registry.host}/all`])).toBe(
      ['1', '2', 'latest'].map((tag) => `${registry.host}/all:${tag}\n`).join(''),
    );
    const other = await newStore();
    await other.ok(['pull', '-aq', `${registry.host}/all`]);
    const tags = await other.ok(['images', '--format', '{{.Tag}}']);
    expect(tags.trimEnd().split('\n').sort()).toEqual(['1', '2', 'latest']);
    expect(await other.rcx(['pull', '-q', `${registry.host}/all/other:1`])).toMatchObject({ exitCode: 1 });
    await other.close();
  });

  it('draws on a terminal, and leaves a line for each layer', async () => {
    const name = await commit('drawn:1');
    const terminal = await Terminal.open({ ...store.env, TERM: 'xterm' });
    try {
      const text = await terminal.run(`${RCX_BIN} push ${name}`);
      expect(text).toMatch(new RegExp(`^${ID}: (Pushed|Mounted from .*|Layer already exists)$`, 'm'));
      expect(text).not.toMatch(/Preparing|Pushing/);
      expect(text).toMatch(/^1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
    } finally {
      await terminal.close();
    }
  });
});

describe('a push that cannot be made', () => {
  /** Asserts that it said why in one line, after what it was about to do. */
  function expectRefused({ exitCode, stdout, stderr }: Outcome, message: RegExp): void {
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: expect.not.stringContaining('digest:') });
    const said = stderr.split('\n').filter((line) => !new RegExp(`^${ID}: `).test(line));
    expect(said).toEqual([expect.stringMatching(message), '']);
  }

  it('has no login, or a wrong one', async () => {
    const name = await commit('private:1', guarded.host);
    expectRefused(
      await store.rcx(['push', name]),
      /pushing is refused by .* \(HTTP 401\); .*rcx login 127\.0\.0\.1:\d+/,
    );
    const folder = join(store.folder, 'wrong');
    mkdirSync(folder);
    const env = { DOCKER_CONFIG: folder };
    const logIn = (password: string) =>
      writeFileSync(
        join(folder, 'config.json'),
        JSON.stringify({ auths: { [guarded.host]: basicAuth({ ...LOGIN, password }) } }),
      );
    logIn('wrong');
    expectRefused(await store.rcx(['push', name], { env }), /pushing is refused by .* \(HTTP 401\)|login/);
    expect(await inspect(name, '{{len .RepoDigests}}')).toBe('0');
    logIn(LOGIN.password);
    await store.ok(['push', name], { env });
    expect(await inspect(name, '{{len .RepoDigests}}')).toBe('1');
  });

  it('reaches no registry', async () => {
    const name = await commit('app:1', '127.0.0.1:1');
    expectRefused(await store.rcx(['push', name]), /127\.0\.0\.1:1.*ECONNREFUSED/);
    expect(await inspect(name, '{{len .RepoDigests}}')).toBe('0');
  });

  it.each([
    [['push', 'localhost:1/none'], 1, /localhost:1\/none:latest: no image of the store has that name; .*rcx tag IMAGE/],
    [['push', '-a', 'localhost:1/none'], 1, /no image of the store has a name in that repository/],
    [['push', '-a', 'localhost:1/none:1'], 1, /a tag cannot be used with --all-tags/],
    [['push', `localhost:1/none@sha256:${'a'.repeat(64)}`], 1, /by a tag, not by a digest/],
    [['push', 'Not A Name'], 1, /invalid image name/],
    [['push'], 125, /missing required argument 'name'/],
  ])('is asked for in a wrong way: %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx([...args, ...(args.length > 1 ? ['-q'] : [])]), exitCode, message);
  });
});

describeWith({ commands: ['docker-registry'] }, 'Ctrl-C in the middle of a push', () => {
  it('ends it at once, and it goes through the next time', async () => {
    const proxy = await CountingProxy.start(registry.host);
    const name = await commit('stopped:1', proxy.host);
    proxy.stalls = true;
    const child = store.start(['push', '-q', name]);
    await expect.poll(() => proxy.sent.some((line) => line.startsWith('PUT')), { timeout: 20_000 }).toBe(true);
    child.kill('SIGINT');
    expect(await child).toMatchObject({ signal: 'SIGINT', stdout: '', stderr: '' });
    expect(await inspect(name, '{{len .RepoDigests}}')).toBe('0');
    proxy.stalls = false;
    expect(await store.ok(['push', '-q', name])).toBe(`${name}\n`);
    await proxy.close();
  });
});
