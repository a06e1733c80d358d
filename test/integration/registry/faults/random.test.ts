import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseReference } from '../../../../ts/oci/reference.ts';
import { testClient } from '../../../support/client.ts';
import type { Fault } from '../../../support/faultProxy.ts';
import { FaultyRegistry, layerTrees, pushFrom, storeWithImage, treesOf } from '../../../support/faultyRegistry.ts';
import type { WrittenLayout } from '../../../support/layoutWriter.ts';
import { newTestStore, type TestStore } from '../../../support/pulling.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { expectSoundStore } from '../../../support/soundStore.ts';
import type { Tree } from '../../../support/tree.ts';

const scratch = scratchDirectory();
const MOST_FAULTS = 12;

let faulty: FaultyRegistry;
let store: TestStore;
let image: WrittenLayout;
let expected: Tree[];
beforeAll(async () => {
  faulty = await FaultyRegistry.start();
  ({ store, image } = await storeWithImage(scratch, 'me/app'));
  expected = await treesOf(scratch);
});
afterAll(() => faulty.close());

/** What passes when it is tried again. */
const passing: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.record({ cut: fc.oneof(fc.constant(0), fc.nat(1000), fc.nat(3_000_000)) }) },
  { weight: 2, arbitrary: fc.record({ cutRequest: fc.oneof(fc.nat(1000), fc.nat(3_000_000)) }) },
  {
    weight: 2,
    arbitrary: fc.record({ answer: fc.record({ status: fc.constantFrom(408, 429, 500, 502, 503, 504) }) }),
  },
  { weight: 1, arbitrary: fc.record({ ignoreRange: fc.constant(true as const), cut: fc.nat(3_000_000) }) },
  { weight: 1, arbitrary: fc.record({ stall: fc.nat(1_000_000) }) },
  { weight: 1, arbitrary: fc.constant({ drip: { bytes: 200_000, milliseconds: 1 } }) },
);
const faults = fc.array(passing, { maxLength: MOST_FAULTS });

it('whatever goes wrong on the way, if it passes: what is pushed and pulled is the same', async () => {
  let count = 0;
  const client = () =>
    testClient({ timeouts: { idle: 300, headers: 600 }, retry: { attempts: MOST_FAULTS + 5, maxDelay: 20 } });
  const property = fc.asyncProperty(faults, faults, async (inPush, inPull) => {
    count++;
    const name = faulty.name(`me/app-${count}`);
    await store.images.tag('me/app', parseReference(name));
    // One for each request, whichever it is.
    for (const fault of inPush) faulty.proxy.inject(/./, fault);
    await pushFrom(store, name, client());
    faulty.proxy.heal();
    await store.images.untag(name);

    const other = newTestStore(scratch);
    for (const fault of inPull) faulty.proxy.inject(/./, fault);
    const pulled = await other.pull(client(), name);
    faulty.proxy.heal();
    expect(pulled.manifest.digest).toBe(image.manifest.digest);
    expect(layerTrees(other, pulled)).toEqual(expected);
    expectSoundStore(other.paths.root);
    expectSoundStore(store.paths.root);
  });
  // A failure tells the seed and the sequence; it is not made shorter, which would take minutes.
  await fc.assert(property, { numRuns: 10, endOnFailure: true });
});
