import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { copyImage } from '../support/images.ts';
import { waitUntil } from '../support/processes.ts';
import { extendImage } from '../support/registryImages.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

let store: Store;
let registry: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  registry = inject('e2e').registry;
});
afterAll(() => store.close());

/** Makes `moving:latest` in the registry an image that has this in /version. */
async function publish(version: string): Promise<void> {
  const tar = new TarBuilder().file('version', version).build();
  await extendImage(registry, 'library/ubuntu', ['latest', version], [tar]);
  const from = `docker://${registry}/library/ubuntu:${version}`;
  await copyImage(from, `docker://${registry}/library/moving:latest`);
}

const version = (...flags: string[]) => store.ok(['run', '--rm', '-q', ...flags, 'moving', 'cat', '/version']);

describe('--pull', () => {
  it('never gets nothing from a registry', async () => {
    await publish('one');
    const outcome = await store.rcx(['run', '--rm', '--pull', 'never', 'moving', 'true']);
    expectFailure(outcome, 125, /moving.*rcx pull/);
  });

  it('missing pulls what is not there, and then no more', async () => {
    expect(await version()).toBe('one');
    await publish('two');
    expect(await version('--pull', 'missing')).toBe('one');
    expect(await version('--pull', 'never')).toBe('one');
  });

  it('missing pulls layers again that a power cut took', async () => {
    const own = await newStore();
    await own.ok(['pull', '-q', 'ubuntu']);
    const layers = join(own.root, 'layers');
    const [name] = readdirSync(layers).filter((entry) => /^[0-9a-f]{64}$/.test(entry));
    const folder = join(layers, name as string);
    const record = JSON.parse(readFileSync(join(folder, 'layer.json'), 'utf8')) as object;
    writeFileSync(join(folder, 'layer.json'), JSON.stringify({ ...record, boot: 'an earlier one' }));
    // The pull's flush may still be under way, and would mark it again.
    await waitUntil(() => existsSync(join(folder, 'flushed')));
    rmSync(join(folder, 'flushed'));
    rmSync(join(folder, 'diff'), { recursive: true });
    expectFailure(await own.rcx(['run', '--rm', '--pull', 'never', 'ubuntu', 'true']), 125, /layer.*pull the image/);
    expect(await own.ok(['run', '--rm', '-q', 'ubuntu', 'echo', 'again'])).toBe('again\n');
    await own.close();
  });

  it('always asks the registry', async () => {
    expect(await version('--pull', 'always')).toBe('two');
    expect(await version()).toBe('two');
  });

  it('is not needed for an image that is there when the registry is down', async () => {
    const config = join(store.folder, 'down.json');
    writeFileSync(
      config,
      JSON.stringify({ registries: { 'docker.io': { mirrors: ['http://127.0.0.1:1'] } }, defaultNetwork: 'none' }),
    );
    const env = { RCX_CONFIG: config };
    expect(await store.ok(['run', '--rm', 'ubuntu', 'echo', 'here'], { env })).toBe('here\n');
  });

  it('says what it does when it was not asked to, one line for each step and layer', async () => {
    await store.ok(['rmi', 'moving']);
    const { stdout, stderr } = await store.rcx(['run', '--rm', 'moving', 'cat', '/version']);
    expect(stdout).toBe('two');
    expect(stderr).toMatch(/^Unable to find image 'moving:latest' locally/);
    expect(stderr).toMatch(/^[0-9a-f]{12}: Already exists$/m);
  });

  it('refuses another word', async () => {
    expectFailure(await store.rcx(['run', '--pull', 'sometimes', 'ubuntu', 'true']), 125, /--pull.*sometimes/);
  });
});

describe('an image', () => {
  it('is found by every form of its name', async () => {
    const [{ Id: id, RepoDigests: digests }] = JSON.parse(await store.ok(['image', 'inspect', 'ubuntu']));
    const names = ['ubuntu', 'ubuntu:latest', 'library/ubuntu', 'docker.io/ubuntu', 'docker.io/library/ubuntu:latest'];
    for (const name of [...names, ...digests, id, id.slice('sha256:'.length), id.slice('sha256:'.length, 20)]) {
      expect(await store.ok(['run', '--rm', '--pull', 'never', name, 'echo', 'found']), name).toBe('found\n');
    }
  });

  it('is pulled by its digest', async () => {
    const fresh = await newStore();
    const [{ RepoDigests: digests }] = JSON.parse(await store.ok(['image', 'inspect', 'moving']));
    expect(await fresh.ok(['run', '--rm', '-q', digests[0], 'cat', '/version'])).toBe('two');
    await fresh.close();
  });

  it('can be asked for by the registry’s address', async () => {
    expect(await store.ok(['run', '--rm', '-q', `${registry}/library/moving`, 'cat', '/version'])).toBe('two');
  });
});

describe('--platform', () => {
  it('takes the image of that platform', async () => {
    const own = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64'];
    expect(await store.ok(['run', '--rm', '--platform', `linux/${own}`, 'ubuntu', 'echo', 'ran'])).toBe('ran\n');
  });

  it('refuses when there is none, and says what there is', async () => {
    const outcome = await store.rcx(['run', '--rm', '-q', '--platform', 'linux/s390x', 'ubuntu', 'true']);
    expectFailure(outcome, 125, /for linux\/(amd64|arm64).*, not for linux\/s390x/);
    expect(await store.ok(['run', '--rm', 'ubuntu', 'echo', 'still', 'there'])).toBe('still there\n');
  });

  it('refuses what is no platform', async () => {
    expectFailure(await store.rcx(['run', '--platform', 'a/b/c/d', 'ubuntu', 'true']), 125, /a\/b\/c\/d/);
  });
});
