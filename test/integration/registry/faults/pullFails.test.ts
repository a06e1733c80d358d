import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isRcxError } from '../../../../ts/errors.ts';
import { hexOf } from '../../../../ts/oci/digest.ts';
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
/** Faults that are met again and again. */
const ALWAYS = 100;

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
  manifest: () => GET_MANIFEST,
  config: () => getBlob(image.manifest.config),
  layer: () => getBlob(image.manifest.layers[0] ?? image.manifest.config),
};

const inAnHour = () => new Date(Date.now() + 3_600_000).toUTCString();
const html = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please log in' };

describe('a pull ends with a reason, and a store to go on with, when', () => {
  const cases: [string, keyof typeof PARTS, Fault, string, RegExp][] = [
    ['the connection always breaks', 'manifest', { cut: 0 }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /connection reset/],
    ['a layer always breaks off', 'layer', { cut: 1000 }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /connection reset/],
    ['a layer never goes on', 'layer', { stall: 1000 }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /no further data/],
    ['there are always too many requests', 'layer', { answer: { status: 429 } }, 'ERR_RCX_RATE_LIMITED', /HTTP 429/],
    [
      'it would have to wait until a late date',
      'layer',
      { answer: { status: 429, headers: { 'retry-after': inAnHour() } } },
      'ERR_RCX_RATE_LIMITED',
      /asked to wait 3\d\d\d s/,
    ],
    ['the registry stays broken', 'config', { answer: { status: 500 } }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /HTTP 500/],
    ['a layer is missing', 'layer', { answer: { status: 404 } }, 'ERR_RCX_BLOB_NOT_FOUND', /is missing on/],
    ['the manifest was altered', 'manifest', { corrupt: 100 }, 'ERR_RCX_DIGEST_MISMATCH', /does not match its digest/],
    ['the config was altered', 'config', { corrupt: 20 }, 'ERR_RCX_DIGEST_MISMATCH', /does not match its digest/],
    ['a layer was altered', 'layer', { corrupt: 2_000_000 }, 'ERR_RCX_DIGEST_MISMATCH', /does not match its digest/],
    [
      // Known for damaged long before all of it has come.
      'the start of a slow layer was altered',
      'layer',
      { corrupt: 0, drip: { bytes: 100_000, milliseconds: 10 } },
      'ERR_RCX_DIGEST_MISMATCH',
      /does not match its digest/,
    ],
    ['the manifest is cut unnoticed', 'manifest', { extraLength: -10 }, 'ERR_RCX_DIGEST_MISMATCH', /digest/],
    ['a layer is announced as shorter', 'layer', { extraLength: -10 }, 'ERR_RCX_SIZE_MISMATCH', /the manifest says/],
    ['a layer is announced as longer', 'layer', { extraLength: 10 }, 'ERR_RCX_SIZE_MISMATCH', /the manifest says/],
    ['a web page comes for the manifest', 'manifest', { answer: html }, 'ERR_RCX_INVALID_MANIFEST', /"text\/html"/],
    [
      'a web page always comes for a layer',
      'layer',
      { answer: html },
      'ERR_RCX_BLOB_TRUNCATED',
      /after 19 of \d+ bytes/,
    ],
    [
      'it is led in a circle',
      'layer',
      { answer: { status: 307, headers: { location: '?' } } },
      'ERR_RCX_BAD_REDIRECT',
      /more than 8 times/,
    ],
  ];

  it.each(cases)('%s', async (_, part, fault, code, message) => {
    const { proxy } = faulty;
    const store = newTestStore(scratch);
    const name = faulty.name('me/app');
    proxy.inject(PARTS[part](), fault, ALWAYS);
    const patience = fault.stall === undefined ? {} : { timeouts: { idle: 100 } };
    const error: unknown = await store.pull(testClient(patience), name).catch((cause) => cause);
    if (!isRcxError(error, code)) throw error;
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    // What it is about: the image, or the part of it.
    expect(error.message).toContain(faulty.name('me/app').replace(/:latest$/, ''));
    expect(error.hint).toMatch(/^[a-z].*[.)]$/);
    expect(store.images.list()).toEqual([]);
    expectSoundStore(store.paths.root);

    proxy.heal();
    const kept = image.manifest.layers.filter((layer) => store.content().blobs.includes(hexOf(layer.digest)));
    proxy.exchanges.length = 0;
    expect(layerTrees(store, await store.pull(testClient(), name))).toEqual(expected);
    for (const layer of kept) expect(proxy.matching(getBlob(layer))).toEqual([]);
    expectSoundStore(store.paths.root);
  });
});
