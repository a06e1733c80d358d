import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRcxError } from '../../../../ts/errors.ts';
import { parseReference } from '../../../../ts/oci/reference.ts';
import { testClient } from '../../../support/client.ts';
import type { Fault } from '../../../support/faultProxy.ts';
import {
  FaultyRegistry,
  layerTrees,
  PUT_MANIFEST,
  pushFrom,
  putBlob,
  storeWithImage,
  treesOf,
} from '../../../support/faultyRegistry.ts';
import type { WrittenLayout } from '../../../support/layoutWriter.ts';
import { newTestStore, type TestStore } from '../../../support/pulling.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { expectSoundStore } from '../../../support/soundStore.ts';
import type { Tree } from '../../../support/tree.ts';

const scratch = scratchDirectory();
/** Faults that are met again and again. */
const ALWAYS = 100;

let faulty: FaultyRegistry;
let store: TestStore;
let image: WrittenLayout;
let expected: Tree[];
let name: string;
let count = 0;
beforeAll(async () => {
  faulty = await FaultyRegistry.start();
  ({ store, image } = await storeWithImage(scratch, 'me/app'));
  expected = await treesOf(scratch);
});
afterAll(() => faulty.close());
beforeEach(async () => {
  // A repository of its own for each test: what the registry is known to have in another would not be sent.
  count++;
  name = faulty.name(`me/app-${count}`);
  await store.images.tag('me/app', parseReference(name));
});
afterEach(async () => {
  faulty.proxy.heal();
  faulty.proxy.exchanges.length = 0;
  await store.images.untag(name);
});

const REQUESTS = {
  question: () => /^HEAD /,
  begin: () => /^POST /,
  layer: () => putBlob(image.layers[0] ?? image.config),
  manifest: () => PUT_MANIFEST,
};

/** Where in the manifest a digit is that the registry does not look at, and one of a digest. */
const manifestText = () => store.blobs.read(image.manifest.digest).toString();
const alteredSize = () => ({ corruptRequest: manifestText().indexOf('"size":') + '"size":'.length });
const alteredDigest = () => ({ corruptRequest: manifestText().search(/(?<=sha256:[a-f]*)[0-9]/) });

/** Asserts that everybody can have what the store has. */
async function expectPushed(): Promise<void> {
  const other = newTestStore(scratch);
  const pulled = await other.pull(testClient(), name);
  expect(pulled.manifest.digest).toBe(image.manifest.digest);
  expect(layerTrees(other, pulled)).toEqual(expected);
  expectSoundStore(store.paths.root);
}

describe('a push goes through, although', () => {
  const cases: [string, keyof typeof REQUESTS, Fault | (() => Fault), number?][] = [
    ['there is no answer to what the registry has', 'question', { cut: 0 }, 2],
    ['there is no answer to the beginning of an upload', 'begin', { cut: 0 }, 2],
    ['the connection breaks in a layer', 'layer', { cutRequest: 1_000_000 }, 2],
    ['there is no answer to a layer', 'layer', { cut: 0 }],
    ['a layer is answered too late', 'layer', { stall: 0 }],
    ['there is no answer to the manifest', 'manifest', { cut: 0 }, 2],
    ['the manifest breaks off', 'manifest', { cutRequest: 50 }, 2],
    ['another manifest arrives than was sent', 'manifest', alteredSize],
    [
      'a digest of the manifest is said to be none',
      'manifest',
      { answer: { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID","message":"did not match"}]}' } },
      2,
    ],
    ...[408, 429, 500, 502, 503, 504].map((status): [string, keyof typeof REQUESTS, Fault, number] => [
      `a layer is answered by HTTP ${status}`,
      'layer',
      { answer: { status } },
      2,
    ]),
    [
      'a layer is refused before it is read',
      'layer',
      { answer: { status: 503, headers: { connection: 'close', 'retry-after': '0' } } },
      2,
    ],
    ['the registry has forgotten an upload', 'layer', { answer: { status: 404 } }],
  ];

  it.each(cases)('%s', async (_, request, wanted, times) => {
    const fault = typeof wanted === 'function' ? wanted() : wanted;
    faulty.proxy.inject(REQUESTS[request](), fault, times);
    const patience = fault.stall === undefined ? {} : { timeouts: { headers: 500 } };
    await pushFrom(store, name, testClient(patience));
    expect(faulty.proxy.heal()).toBe(0);
    await expectPushed();
  });
});

describe('a push ends with a reason, and can be repeated, when', () => {
  const cases: [string, keyof typeof REQUESTS, Fault | (() => Fault), string, RegExp][] = [
    ['the connection always breaks', 'question', { cut: 0 }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /connection reset/],
    ['a layer never gets through', 'layer', { cutRequest: 1000 }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /connection reset/],
    ['there are always too many requests', 'begin', { answer: { status: 429 } }, 'ERR_RCX_RATE_LIMITED', /HTTP 429/],
    ['the registry stays broken', 'layer', { answer: { status: 500 } }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /HTTP 500/],
    ['the disk of the registry is full', 'layer', { answer: { status: 507 } }, 'ERR_RCX_REGISTRY_UNAVAILABLE', /507/],
    ['writing is not allowed', 'begin', { answer: { status: 403 } }, 'ERR_RCX_FORBIDDEN', /pushing is refused/],
    ['no upload is remembered', 'layer', { answer: { status: 404 } }, 'ERR_RCX_REGISTRY_ERROR', /forgotten the upload/],
    [
      'a layer is altered on its way',
      'layer',
      { corruptRequest: 2_000_000 },
      'ERR_RCX_DIGEST_MISMATCH',
      /something else/,
    ],
    [
      'the manifest is always altered',
      'manifest',
      alteredSize,
      'ERR_RCX_DIGEST_MISMATCH',
      /has stored the manifest sha256:\S+ in place of sha256:/,
    ],
    [
      'the manifest names what the registry does not have',
      'manifest',
      alteredDigest,
      'ERR_RCX_REGISTRY_ERROR',
      /not accepted by .*MANIFEST_BLOB_UNKNOWN/,
    ],
    [
      'an upload is led elsewhere',
      'begin',
      { answer: { status: 307, headers: { location: '/' } } },
      'ERR_RCX_REGISTRY_ERROR',
      /not accepted by .*HTTP 307/,
    ],
  ];

  it.each(cases)('%s', async (_, request, fault, code, message) => {
    faulty.proxy.inject(REQUESTS[request](), typeof fault === 'function' ? fault() : fault, ALWAYS);
    const error: unknown = await pushFrom(store, name).catch((cause) => cause);
    if (!isRcxError(error, code)) throw error;
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.message).toContain(name.replace(/:latest$/, ''));
    expect(error.hint).toMatch(/^[a-z].*[.)]$/);
    expectSoundStore(store.paths.root);

    faulty.proxy.heal();
    await pushFrom(store, name);
    await expectPushed();
  });
});
