import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pushImage } from '../../../ts/image/push.ts';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import type { Descriptor } from '../../../ts/oci/types.ts';
import { basicAuth } from '../../support/client.ts';
import { CountingProxy } from '../../support/countingProxy.ts';
import { TestEngine } from '../../support/engines.ts';
import { asTar } from '../../support/layoutWriter.ts';
import { LOGIN, startRegistry, type TestRegistry } from '../../support/registry.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { wreckage } from '../../support/wreckage.ts';

const scratch = scratchDirectory();
let registry: TestRegistry;
let proxy: CountingProxy;
let own: TestEngine;
beforeAll(async () => {
  registry = await startRegistry();
  return () => registry.close();
});
beforeEach(async () => {
  proxy = await CountingProxy.start(registry.host);
  own = new TestEngine(scratch);
  return () => proxy.close();
});

const layer = (name: string) => new TarBuilder().file(name, randomBytes(200_000)).build();
const push = (name: string, signal?: AbortSignal) =>
  pushImage(own.engine, parseReference(`${proxy.host}/${name}`), { signal });

/** Whether the registry has the tag. */
async function isThere(name: string): Promise<boolean> {
  const [repository, tag] = name.split(':');
  const url = `http://${registry.host}/v2/${repository}/manifests/${tag}`;
  return (await fetch(url, { method: 'HEAD', headers: { accept: OCI_MANIFEST } })).ok;
}

/** Asserts that a push failed, and changed neither the registry's tag nor anything of the store. */
async function expectRefused(name: string, code: string, message: RegExp): Promise<void> {
  const index = () => readFileSync(`${own.store.paths.images}/index.json`, 'utf8');
  const before = [index(), own.store.content()];
  await expect(push(name)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect([index(), own.store.content()]).toEqual(before);
  expect(await isThere(name)).toBe(false);
}

const blobPath = ({ digest }: Descriptor) => own.store.blobs.path(digest);

function damage(blob: Descriptor): void {
  const bytes = readFileSync(blobPath(blob));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(blobPath(blob), bytes);
}

describeWith({ root: true, commands: ['docker-registry'] }, 'a layer that is not what it was', () => {
  it.each([
    ['missing', (blob: Descriptor) => rmSync(blobPath(blob)), 'ERR_RCX_BLOB_NOT_FOUND', /sha256:.*not in the store/],
    ['damaged', damage, 'ERR_RCX_DIGEST_MISMATCH', /app.*refuses sha256:/],
    [
      'cut short',
      (blob: Descriptor) => truncateSync(blobPath(blob), 100),
      'ERR_RCX_SIZE_MISMATCH',
      /sha256:.*has 100 bytes/,
    ],
  ])('%s, is not pushed', async (state, harm, code, message) => {
    const name = `app/${state.replace(' ', '-')}:1`;
    const { layout } = await own.add(`${proxy.host}/${name}`, [layer('a'), layer('b')]);
    harm(layout.layers[1] as Descriptor);
    await expectRefused(name, code, message);
  });

  it('is not made whole by compressing it', async () => {
    const { layout } = await own.add(`${proxy.host}/plain:1`, [layer('a'), layer('b')], { compress: asTar });
    damage(layout.layers[1] as Descriptor);
    await expect(push('plain:1')).rejects.toMatchObject({
      code: 'ERR_RCX_DIGEST_MISMATCH',
      message: expect.stringContaining(layout.layers[1]?.digest ?? ''),
    });
    expect(await isThere('plain:1')).toBe(false);
    expect(own.engine.images.find(`${proxy.host}/plain:1`).manifest.digest).toBe(layout.manifest.digest);
    expect(wreckage(own.store.paths.root)).toEqual([]);
  });

  it('is not looked at where the registry has it', async () => {
    const { layout } = await own.add(`${proxy.host}/known:1`, [layer('a')]);
    await push('known:1');
    rmSync(blobPath(layout.layers[0] as Descriptor));
    await push('known:1');
    expect(await isThere('known:1')).toBe(true);
  });
});

describe('a name', () => {
  it('that no image has is not pushed', async () => {
    await own.add(`${proxy.host}/app:1`, [layer('a')]);
    await expect(push('app:2')).rejects.toMatchObject({
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
      hint: expect.stringContaining(`rcx tag IMAGE ${proxy.host}/app:2`),
    });
    expect(proxy.seen).toEqual([]);
  });

  it('with a digest is not pushed: what has it is where it came from', async () => {
    const { image } = await own.add(`${proxy.host}/app:1`, [layer('a')]);
    for (const name of [
      `app@${image.manifest.digest}`,
      `app@${digestOf(Buffer.from('x'))}`,
      `app:1@${image.manifest.digest}`,
    ]) {
      await expect(push(name)).rejects.toMatchObject({ code: 'ERR_RCX_INVALID_REFERENCE' });
    }
    expect(proxy.seen).toEqual([]);
  });
});

describeWith({ commands: ['docker-registry'] }, 'a registry that asks for a login', () => {
  let guarded: TestRegistry;
  beforeAll(async () => {
    guarded = await startRegistry({ login: true });
    return () => guarded.close();
  });

  it.each([
    ['none', undefined],
    ['a wrong one', { ...LOGIN, password: 'wrong' }],
  ])('takes nothing with %s', async (_, login) => {
    const auths = login === undefined ? {} : { [guarded.host]: basicAuth(login) };
    const user = new TestEngine(scratch, auths);
    const { image } = await user.add(`${guarded.host}/app:1`, [layer('a')]);
    const pushing = pushImage(user.engine, parseReference(`${guarded.host}/app:1`));
    await expect(pushing).rejects.toMatchObject({
      code: 'ERR_RCX_UNAUTHORIZED',
      message: expect.stringContaining(guarded.host),
    });
    expect(user.engine.images.find(image.id).repoDigests).toEqual(image.repoDigests);
  });

  it('takes an image with the right one, and takes it from another repository', async () => {
    const user = new TestEngine(scratch, { [guarded.host]: basicAuth(LOGIN) });
    const base = layer('a');
    const { image } = await user.add(`${guarded.host}/base:1`, [base]);
    await pushImage(user.engine, parseReference(`${guarded.host}/base:1`));
    await user.engine.images.tag(image.id, parseReference(`${guarded.host}/copy:1`));
    const statuses: string[] = [];
    const onEvent = ({ status }: { status: string }) => statuses.push(status);
    await pushImage(user.engine, parseReference(`${guarded.host}/copy:1`), { onEvent });
    expect(statuses.at(-1)).toBe('mounted');
    expect(
      (await new TestEngine(scratch, { [guarded.host]: basicAuth(LOGIN) }).pull(`${guarded.host}/copy:1`)).id,
    ).toBe(image.id);
  });
});

describeWith({ root: true, commands: ['docker-registry'] }, 'a push that is interrupted', () => {
  it('says so, changes nothing, and goes through the next time', async () => {
    const { image } = await own.add(`${proxy.host}/stopped:1`, [layer('a'), layer('b')]);
    proxy.stalls = true;
    const abort = new AbortController();
    const pushing = push('stopped:1', abort.signal);
    const begun = expect.poll(() => proxy.sent.filter((line) => line.startsWith('PUT')).length);
    pushing.catch(() => undefined);
    await begun.toBeGreaterThan(0);
    abort.abort();
    await expect(pushing).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED', hint: expect.stringContaining('again') });
    expect(own.engine.images.find(image.id).repoDigests).toEqual(image.repoDigests);
    expect(await isThere('stopped:1')).toBe(false);
    proxy.stalls = false;
    await push('stopped:1');
    expect(await isThere('stopped:1')).toBe(true);
  });

  it('lets go of the store, so that the image can be removed', async () => {
    await own.add(`${proxy.host}/released:1`, [layer('a')]);
    await expect(push('released:1', AbortSignal.abort())).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
    expect(await isThere('released:1')).toBe(false);
  });
});
