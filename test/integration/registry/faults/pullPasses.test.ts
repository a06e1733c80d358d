import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testClient } from '../../../support/client.ts';
import type { Fault } from '../../../support/faultProxy.ts';
import {
  ARCHIVES,
  FaultyRegistry,
  GET_MANIFEST,
  getBlob,
  layerTrees,
  treesOf,
} from '../../../support/faultyRegistry.ts';
import { newTestStore } from '../../../support/pulling.ts';
import { type PushedImage, pushImage } from '../../../support/push.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { expectSoundStore } from '../../../support/soundStore.ts';
import type { Tree } from '../../../support/tree.ts';

const scratch = scratchDirectory();

let faulty: FaultyRegistry;
let image: PushedImage;
let expected: Tree[];
beforeAll(async () => {
  faulty = await FaultyRegistry.start();
  image = await pushImage(faulty.registry, 'me/app', 'latest', ARCHIVES);
  expected = await treesOf(scratch);
});
afterAll(() => faulty.close());
afterEach(() => void faulty.proxy.heal());

const PARTS = {
  all: () => /./,
  manifest: () => GET_MANIFEST,
  config: () => getBlob(image.manifest.config),
  layer: () => getBlob(image.manifest.layers[0] ?? image.manifest.config),
};

describe('a pull goes through, although', () => {
  const cases: [string, keyof typeof PARTS, Fault, number?][] = [
    ['every connection breaks for a while', 'all', { cut: 0 }, 4],
    ['the connection breaks before the manifest', 'manifest', { cut: 0 }],
    ['the connection breaks in the manifest', 'manifest', { cut: 100 }],
    ['the connection breaks in the config', 'config', { cut: 100 }],
    ['the connection breaks before a layer', 'layer', { cut: 0 }, 3],
    ['the connection breaks in a layer', 'layer', { cut: 400_000 }, 3],
    ['the manifest is announced as longer than it is', 'manifest', { extraLength: 10 }],
    ['the manifest is not sent to its end', 'manifest', { stall: 100 }],
    ['a layer is not sent to its end', 'layer', { stall: 1_000_000 }],
    ['a layer is not sent at all', 'layer', { stall: 0 }],
    ['a layer drips', 'layer', { drip: { bytes: 100_000, milliseconds: 2 } }],
    ...[408, 429, 500, 502, 503, 504].map((status): [string, keyof typeof PARTS, Fault, number] => [
      `a layer is answered by HTTP ${status}`,
      'layer',
      { answer: { status } },
      2,
    ]),
    ['it has to wait for seconds', 'config', { answer: { status: 429, headers: { 'retry-after': '0' } } }, 2],
    [
      'it has to wait until a date',
      'config',
      { answer: { status: 503, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } } },
      2,
    ],
  ];

  it.each(cases)('%s', async (_, part, fault, times) => {
    const store = newTestStore(scratch);
    faulty.proxy.inject(PARTS[part](), fault, times);
    const patience = fault.stall === undefined ? {} : { timeouts: { idle: 200, headers: 1000 } };
    const pulled = await store.pull(testClient(patience), faulty.name('me/app'));
    expect(faulty.proxy.heal()).toBe(0);
    expect(layerTrees(store, pulled)).toEqual(expected);
    expectSoundStore(store.paths.root);
  });
});
