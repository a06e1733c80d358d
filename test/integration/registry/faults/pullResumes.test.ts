import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hexOf } from '../../../../ts/oci/digest.ts';
import type { Descriptor } from '../../../../ts/oci/types.ts';
import { testClient } from '../../../support/client.ts';
import { type Fault, FaultProxy } from '../../../support/faultProxy.ts';
import { ARCHIVES, FaultyRegistry, getBlob, layerTrees, treesOf } from '../../../support/faultyRegistry.ts';
import { waitUntil } from '../../../support/processes.ts';
import { newTestStore, type TestStore } from '../../../support/pulling.ts';
import { pushImage } from '../../../support/push.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { expectSoundStore } from '../../../support/soundStore.ts';
import type { Tree } from '../../../support/tree.ts';

const scratch = scratchDirectory();
/** Of a layer of 3 MB, where its download breaks. */
const BREAK = 1_200_000;

let faulty: FaultyRegistry;
let layers: Descriptor[];
let large: Descriptor;
let expected: Tree[];
beforeAll(async () => {
  faulty = await FaultyRegistry.start();
  ({ layers } = (await pushImage(faulty.registry, 'me/app', 'latest', ARCHIVES)).manifest);
  large = layers[0] as Descriptor;
  expected = await treesOf(scratch);
});
afterAll(() => faulty.close());
afterEach(() => {
  faulty.proxy.heal();
  faulty.proxy.exchanges.length = 0;
});

async function expectPulled(store: TestStore, client = testClient(), name = faulty.name('me/app')): Promise<void> {
  expect(layerTrees(store, await store.pull(client, name))).toEqual(expected);
  expectSoundStore(store.paths.root);
}

/** For each request for the large layer, where it wanted to begin, and how many bytes it got. */
function transfers(proxy = faulty.proxy) {
  return proxy.matching(getBlob(large)).map(({ headers, sent }) => {
    const [, start] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
    return { start: start === undefined ? undefined : Number(start), sent };
  });
}

describe('a layer whose download broke', () => {
  it('is fetched from there on, and no byte of it twice', async () => {
    faulty.proxy.inject(getBlob(large), { cut: BREAK }, 2);
    await expectPulled(newTestStore(scratch));
    const [first, second, third, ...others] = transfers();
    expect(first).toEqual({ start: undefined, sent: BREAK });
    // Less than what was sent, if the end of it was not read any more when the connection broke.
    expect(second?.start).toBeLessThanOrEqual(BREAK);
    expect(second?.start).toBeGreaterThan(BREAK / 2);
    expect(third?.start).toBeGreaterThan((second?.start ?? 0) + BREAK / 2);
    expect(third?.sent).toBe(large.size - (third?.start ?? 0));
    expect(others).toEqual([]);
  });

  it.each([1, 511, 65_536, 1_500_001, -1])('is whole where it broke at byte %i', async (at) => {
    faulty.proxy.inject(getBlob(large), { cut: at < 0 ? large.size + at : at });
    await expectPulled(newTestStore(scratch));
    expect(transfers()).toHaveLength(2);
  });

  it('is fetched whole from a server that ignores ranges, and what is there is left out', async () => {
    faulty.proxy.inject(getBlob(large), { cut: BREAK });
    faulty.proxy.inject(getBlob(large), { ignoreRange: true });
    await expectPulled(newTestStore(scratch));
    expect(transfers()).toEqual([
      { start: undefined, sent: BREAK },
      { start: expect.any(Number), sent: large.size },
    ]);
  });

  it.each<[string, Fault]>([
    ['refuses the range', { answer: { status: 416 } }],
    ['answers another range', { headers: { 'content-range': 'bytes 5-99/*' } }],
    ['answers nonsense for a range', { headers: { 'content-range': 'bytes here-there' } }],
    ['does not say which range it answers', { headers: { 'content-range': '' } }],
  ])('is fetched whole from a server that %s', async (_, fault) => {
    faulty.proxy.inject(getBlob(large), { cut: BREAK });
    faulty.proxy.inject(getBlob(large), fault);
    await expectPulled(newTestStore(scratch));
    const [, refused, whole, ...others] = transfers();
    expect(refused?.start).toBeGreaterThan(0);
    expect(whole).toEqual({ start: undefined, sent: large.size });
    expect(others).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['a web page came first', { answer: { status: 200, body: '<html>Please log in' } }],
    ['what came first was altered', { cut: BREAK, corrupt: 100_000 }],
  ])('is fetched once more, from its start, where %s', async (_, fault) => {
    faulty.proxy.inject(getBlob(large), fault);
    await expectPulled(newTestStore(scratch));
    const [, resumed, again, ...others] = transfers();
    expect(resumed?.start).toBeGreaterThan(0);
    expect(again).toEqual({ start: undefined, sent: large.size });
    expect(others).toEqual([]);
  });

  it('is given up where it is wrong again', async () => {
    faulty.proxy.inject(getBlob(large), { cut: BREAK, corrupt: 0 });
    faulty.proxy.inject(getBlob(large), {});
    faulty.proxy.inject(getBlob(large), { cut: BREAK, corrupt: 0 });
    const store = newTestStore(scratch);
    await expect(store.pull(testClient(), faulty.name('me/app'))).rejects.toMatchObject({
      code: 'ERR_RCX_DIGEST_MISMATCH',
      path: large.digest,
    });
    expect(transfers()).toHaveLength(4);
    expectSoundStore(store.paths.root);
  });

  it('goes on at the registry where a mirror breaks for good', async () => {
    const mirror = await new FaultProxy(faulty.registry.host).start();
    onTestFinished(() => mirror.close());
    mirror.inject(getBlob(large), { cut: BREAK });
    mirror.inject(getBlob(large), { answer: { status: 500 } });
    const registries = { [faulty.proxy.host]: { mirrors: [`http://${mirror.host}`] } };
    await expectPulled(newTestStore(scratch), testClient({ registries }));
    const [first, refused, ...others] = transfers(mirror);
    expect([first?.sent, refused?.sent, others]).toEqual([BREAK, 0, []]);
    const [rest] = transfers();
    expect(rest?.start).toBe(refused?.start);
    expect(rest?.sent).toBe(large.size - (rest?.start ?? 0));
    expect(faulty.proxy.matching(/manifests/)).toEqual([]);
  });
});

describe('a pull that failed', () => {
  it('leaves whole layers to the next one, and of the others nothing', async () => {
    const store = newTestStore(scratch);
    const othersAreThere = () =>
      waitUntil(() => store.content().layers.filter((name) => !/^\./.test(name)).length === 2);
    faulty.proxy.inject(getBlob(large), { cut: BREAK });
    faulty.proxy.inject(getBlob(large), { meanwhile: othersAreThere, answer: { status: 404 } });
    await expect(store.pull(testClient(), faulty.name('me/app'))).rejects.toMatchObject({
      code: 'ERR_RCX_BLOB_NOT_FOUND',
    });
    const others = layers.slice(1);
    expect(store.content().blobs).toEqual(others.map(({ digest }) => hexOf(digest)).sort());
    expectSoundStore(store.paths.root);
    faulty.proxy.exchanges.length = 0;
    await expectPulled(store);
    expect(transfers()).toEqual([{ start: undefined, sent: large.size }]);
    for (const layer of others) expect(faulty.proxy.matching(getBlob(layer))).toEqual([]);
  });
});
