import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../ts/oci/mediaTypes.ts';
import { hostPlatform } from '../../ts/oci/platform.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { type HostileRegistry, startHostileRegistry } from '../support/hostileRegistry.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { wreckage } from '../support/wreckage.ts';

const REPOSITORY = '/v2/library/bad';

let store: Store;
let registry: HostileRegistry;
beforeAll(async () => {
  store = await newStore();
});
beforeEach(async () => {
  registry = await startHostileRegistry();
  return () => registry.close();
});
afterAll(() => store.close());

interface Served {
  /** Media type of the manifest. */
  type: string;
  manifest: Buffer;
  layerType: string;
  /** The layer's blob, as it is named by the manifest. */
  layer: Buffer;
  /** What is sent for it. */
  sent: Buffer;
  /** Digest of the archive in the layer. */
  diffId: string;
}

/** Serves an image of one layer, in which some things are not as they should be. */
function serve(wrong: Partial<Served> = {}): void {
  const tar = new TarBuilder().file('hello', randomBytes(100_000).toString('hex')).build();
  const layer = wrong.layer ?? gzipSync(tar);
  const diffId = wrong.diffId ?? digestOf(tar);
  const config = Buffer.from(JSON.stringify({ ...hostPlatform(), rootfs: { type: 'layers', diff_ids: [diffId] } }));
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const layers = [describe(wrong.layerType ?? OCI_LAYER_GZIP, layer)];
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: describe(OCI_CONFIG, config), layers };
  const manifest = wrong.manifest ?? Buffer.from(JSON.stringify(document));
  registry.on(`${REPOSITORY}/manifests/latest`, (_, response) =>
    response.writeHead(200, { 'content-type': wrong.type ?? OCI_MANIFEST }).end(manifest),
  );
  registry.on(`${REPOSITORY}/blobs/${digestOf(config)}`, (_, response) => response.end(config));
  registry.on(`${REPOSITORY}/blobs/${digestOf(layer)}`, (_, response) => response.end(wrong.sent ?? layer));
}

/** Pulls and runs; asserts that it failed in one line and left nothing that can be seen. */
async function expectRefused(message: RegExp, { host } = registry): Promise<void> {
  const outcome = await store.rcx(['run', '--rm', '-q', `${host}/library/bad`, '/hello']);
  expectFailure(outcome, 125, message);
  // Where: the image by its name, or the layer by its digest.
  expect(outcome.stderr).toMatch(new RegExp(`${host}|layer sha256:[0-9a-f]{64}`));
  expect(await store.ok(['images', '-q'])).toBe('');
  expect(wreckage(store.root)).toEqual([]);
}

/** Answers everything about the image with one status. */
function answer(from: HostileRegistry, status: number, headers: Record<string, string> = {}, body = ''): void {
  for (const path of ['/v2/', `${REPOSITORY}/manifests/latest`]) {
    from.on(path, (_, response) => response.writeHead(status, headers).end(body));
  }
}

describe('an answer of the registry', () => {
  // At the same time: rcx asks several times, with pauses, where that might help.
  it.concurrent.each([
    [401, /401|log ?in|credentials/i],
    [403, /403|denied|not allowed/i],
    [404, /not found|no such/i],
    [429, /429|too many/i],
    [500, /500/],
    [503, /503/],
  ])('HTTP %i is an error in one line', async (status, message) => {
    const own = await startHostileRegistry();
    try {
      answer(own, status, status === 429 ? { 'retry-after': '0' } : {});
      await expectRefused(message, own);
    } finally {
      await own.close();
    }
  });

  it('that says why is repeated, without what a terminal would obey', async () => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'your plan \u001b[31mends' }] });
    answer(registry, 403, { 'content-type': 'application/json' }, body);
    await expectRefused(/your plan/);
  });
});

describe('a manifest', () => {
  it('that is not JSON is refused', async () => {
    serve({ manifest: Buffer.from('<html>hello</html>') });
    await expectRefused(/manifest.*JSON/);
  });

  it('of an unknown media type is refused, which is named', async () => {
    serve({ type: 'application/vnd.example.thing+json', manifest: Buffer.from('{"schemaVersion":2}') });
    await expectRefused(/application\/vnd\.example\.thing\+json/);
  });

  it('of 50 MB is refused before it is read whole', async () => {
    serve({ manifest: Buffer.alloc(50_000_000, ' ') });
    await expectRefused(/manifest.*(large|big|size|limit|bytes)/i);
  });
});

describe('a layer', () => {
  it('that is cut short every time is refused', async () => {
    const whole = gzipSync(new TarBuilder().file('hello', randomBytes(200_000)).build());
    serve({ layer: whole, sent: whole.subarray(0, 100_000) });
    await expectRefused(/100000.*\d{6}|\d{6}.*100000/);
  });

  it('of another content than its digest says is refused', async () => {
    const whole = gzipSync(new TarBuilder().file('hello', randomBytes(1000)).build());
    const sent = Buffer.from(whole);
    sent.writeUInt8(sent.readUInt8(500) ^ 1, 500);
    serve({ layer: whole, sent });
    await expectRefused(/sha256:[0-9a-f]{64}/);
  });

  it('of an unknown media type is refused, which is named', async () => {
    serve({ layerType: 'application/vnd.example.layer.v1.squashfs' });
    await expectRefused(/application\/vnd\.example\.layer\.v1\.squashfs/);
  });

  it.each([
    ['that is no gzip', Buffer.from('this is not compressed at all'), /sha256:[0-9a-f]{12}/],
    ['whose gzip ends early', gzipSync(randomBytes(50_000)).subarray(0, 30_000), /sha256:[0-9a-f]{12}/],
    ['that holds no archive', gzipSync(randomBytes(50_000)), /sha256:[0-9a-f]{12}/],
  ])('%s is refused', async (_, layer, message) => {
    serve({ layer });
    await expectRefused(message);
  });

  it('with another archive than the configuration says is refused', async () => {
    serve({ diffId: digestOf(Buffer.from('another')) });
    await expectRefused(new RegExp(digestOf(Buffer.from('another')).slice(0, 19)));
  });
});

describe('after all that', () => {
  it('the right image is pulled into the same store and runs', async () => {
    expect(await store.ok(['run', '--rm', '-q', 'ubuntu', 'echo', 'fine'])).toBe('fine\n');
  });
});
