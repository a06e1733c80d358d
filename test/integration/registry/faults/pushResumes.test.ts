import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../../ts/oci/types.ts';
import { testClient } from '../../../support/client.ts';
import {
  FaultyRegistry,
  layerTrees,
  pushFrom,
  putBlob,
  storeWithImage,
  treesOf,
} from '../../../support/faultyRegistry.ts';
import { waitUntil } from '../../../support/processes.ts';
import { newTestStore, type TestStore } from '../../../support/pulling.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';

const scratch = scratchDirectory();
const MIB = 1024 * 1024;
/** What goes in one piece after a connection broke. */
const PIECE = 16 * MIB;

let faulty: FaultyRegistry;
beforeEach(async () => {
  faulty = await FaultyRegistry.start();
});
afterEach(() => faulty.close());

/** A store with an image, the layer of it that faults are for, and what the image must become elsewhere. */
async function setUp(archives?: readonly Buffer[]) {
  const name = faulty.name('me/app');
  const { store, image } = await storeWithImage(scratch, name, archives);
  const [large] = image.layers as [Descriptor, ...Descriptor[]];
  const push = async () => {
    await pushFrom(store, name);
    const other: TestStore = newTestStore(scratch);
    expect(layerTrees(other, await other.pull(testClient(), name))).toEqual(await treesOf(scratch, archives));
  };
  return { image, large, push };
}

/** Requests of uploads by method, status, and bytes that were sent; what concerns other layers came by as well. */
const uploads = (pattern: RegExp) =>
  faulty.proxy.matching(pattern).map(({ line, status, received }) => [line.split(' ')[0], status, received]);

describe('a layer that is sent', () => {
  it('is not sent again where it has arrived and only the answer was lost', async () => {
    const { image, large, push } = await setUp();
    faulty.proxy.inject(putBlob(large), { cut: 0 });
    await push();
    expect(uploads(putBlob(large))).toEqual([['PUT', 0, large.size]]);
    expect(uploads(/^POST/)).toHaveLength(1 + image.layers.length);
    expect(faulty.proxy.matching(new RegExp(`^HEAD .*${large.digest}`)).map(({ status }) => status)).toEqual([
      404, 200,
    ]);
  });

  it('goes on in the same upload where the registry was out of order', async () => {
    const { image, large, push } = await setUp();
    faulty.proxy.inject(putBlob(large), { answer: { status: 502 } }, 3);
    await push();
    expect(uploads(putBlob(large)).map(([, status]) => status)).toEqual([502, 502, 502, 201]);
    expect(uploads(/^POST/)).toHaveLength(1 + image.layers.length);
  });

  it.each([400, 404, 416])('is begun anew where the registry says HTTP %i of its upload', async (status) => {
    const { image, large, push } = await setUp();
    faulty.proxy.inject(putBlob(large), { answer: { status: 503 } });
    faulty.proxy.inject(/^GET .*\/uploads\//, { answer: { status } });
    await push();
    expect(uploads(putBlob(large)).map(([, answer]) => answer)).toEqual([503, 201]);
    expect(uploads(/^POST/)).toHaveLength(2 + image.layers.length);
  });

  it('is begun anew, once, where what came of several connections is not right', async () => {
    const { image, large, push } = await setUp();
    faulty.proxy.inject(putBlob(large), { answer: { status: 503 } });
    faulty.proxy.inject(putBlob(large), { corruptRequest: 1_000_000 });
    await push();
    expect(uploads(putBlob(large)).map(([, status]) => status)).toEqual([503, 400, 201]);
    expect(uploads(/^POST/)).toHaveLength(2 + image.layers.length);
  });

  it('goes in pieces after its connection broke, and none of them twice', async () => {
    const { large, push } = await setUp([new TarBuilder().file('large', randomBytes(PIECE + MIB)).build()]);
    faulty.proxy.inject(putBlob(large), { cutRequest: MIB });
    faulty.proxy.inject(putBlob(large), { answer: { status: 503 } }, 2);
    await push();
    const rest = large.size - PIECE;
    expect(uploads(/^PATCH/)).toEqual([['PATCH', 202, PIECE]]);
    expect(uploads(putBlob(large)).map(([, status]) => status)).toEqual([0, 503, 503, 201]);
    expect(uploads(putBlob(large)).at(-1)).toEqual(['PUT', 201, rest]);
  });
});

describe('a push that failed', () => {
  it('leaves what has arrived to the next one', async () => {
    const { image, large, push } = await setUp();
    const others = image.layers.slice(1);
    const arrived = (layer: Descriptor) => faulty.proxy.matching(putBlob(layer)).some(({ status }) => status === 201);
    const othersArrived = () => waitUntil(() => others.every(arrived));
    faulty.proxy.inject(putBlob(large), { meanwhile: othersArrived, answer: { status: 403 } });
    await expect(push()).rejects.toMatchObject({ code: 'ERR_RCX_FORBIDDEN' });
    faulty.proxy.exchanges.length = 0;
    await push();
    for (const layer of others) expect(uploads(putBlob(layer))).toEqual([]);
    expect(uploads(putBlob(large))).toEqual([['PUT', 201, large.size]]);
  });
});
