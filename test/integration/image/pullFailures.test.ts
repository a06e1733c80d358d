import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PullEvent } from '../../../ts/image/events.ts';
import type { ImageSource } from '../../../ts/image/source.ts';
import { digestOf, hexOf } from '../../../ts/oci/digest.ts';
import type { Reference } from '../../../ts/oci/reference.ts';
import type { Descriptor } from '../../../ts/oci/types.ts';
import { LayoutSource } from '../../support/layoutSource.ts';
import { asTar, writeLayout } from '../../support/layoutWriter.ts';
import { newTestStore, TestStore } from '../../support/pulling.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';

const scratch = scratchDirectory();
const GOOD = new TarBuilder().file('a', 'x'.repeat(500_000)).build();
const BAD = new TarBuilder().file('b').file('../escape').build();

let store: TestStore;
let directory: string;

beforeEach(() => {
  store = newTestStore(scratch);
  directory = mkdtempSync(join(scratch, 'layout-'));
});

/** Passes on what a layout has, piece by piece, with something done before each. */
class SlowSource extends LayoutSource {
  readonly #before: (bytes: number, signal: AbortSignal | undefined) => Promise<void>;

  constructor(layout: string, before: (bytes: number, signal: AbortSignal | undefined) => Promise<void>) {
    super(layout);
    this.#before = before;
  }

  override async *fetchBlob(
    reference: Reference,
    descriptor: Descriptor,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of super.fetchBlob(reference, descriptor)) {
      await this.#before(bytes, options.signal);
      yield chunk;
      bytes += chunk.length;
    }
  }
}

class Gate {
  open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** Nothing visible and nothing hidden; blobs that were complete may stay. */
function expectNothingHalfMade(): void {
  const { layers, images } = store.content();
  expect(layers.filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([]);
  expect(images.filter((name) => name.startsWith('.'))).toEqual([]);
  expect(store.images.list()).toEqual([]);
}

describe('a pull that fails leaves nothing half-made, says why, and can be repeated', () => {
  const cases: [string, () => ImageSource, object][] = [
    [
      'a layer with a hostile entry',
      () => {
        writeLayout(directory, [GOOD, BAD]);
        return new LayoutSource(directory);
      },
      {
        code: 'ERR_RCX_LAYER_INVALID',
        path: '../escape',
        message: expect.stringMatching(/^unpack layer sha256:[0-9a-f]{64}: \.\.\/escape: its name leads out/),
      },
    ],
    [
      'a layer that is not the one the config names',
      () => {
        writeLayout(directory, [GOOD], { diffIds: [digestOf(BAD)] });
        return new LayoutSource(directory);
      },
      {
        code: 'ERR_RCX_DIGEST_MISMATCH',
        message: expect.stringMatching(/^unpack layer sha256:.*as the image's config/),
      },
    ],
    [
      'a blob that is not what its digest says',
      () => {
        const { layers } = writeLayout(directory, [GOOD]);
        const path = join(directory, 'blobs/sha256', hexOf(layers[0]?.digest ?? digestOf(GOOD)));
        const bytes = readFileSync(path);
        bytes[bytes.length - 1] = 1 ^ (bytes.at(-1) ?? 0);
        writeFileSync(path, bytes);
        return new LayoutSource(directory);
      },
      { code: 'ERR_RCX_DIGEST_MISMATCH' },
    ],
    [
      'a source that breaks off',
      () => {
        writeLayout(directory, [GOOD], { compress: asTar });
        return new SlowSource(directory, async (bytes) => {
          if (bytes > 200_000) throw new Error('connection reset');
        });
      },
      { message: 'connection reset' },
    ],
    [
      'a config with another number of layers',
      () => {
        writeLayout(directory, [GOOD], { diffIds: [digestOf(GOOD), digestOf(BAD)] });
        return new LayoutSource(directory);
      },
      { code: 'ERR_RCX_INVALID_MANIFEST', message: expect.stringContaining('1 layers, but its config names 2') },
    ],
  ];

  test.each(cases)('%s', async (_, makeSource, expected) => {
    await expect(store.pull(makeSource(), 'app')).rejects.toMatchObject(expected);
    expectNothingHalfMade();
    writeLayout(directory, [GOOD]);
    await expect(store.pull(new LayoutSource(directory), 'app')).resolves.toMatchObject({ size: 500_000 });
  });

  test('something that is no container image', async () => {
    const { config } = writeLayout(directory, [GOOD]);
    const manifest = {
      schemaVersion: 2,
      config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
      layers: [],
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const descriptor = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(bytes),
      size: bytes.length,
    };
    const source: ImageSource = {
      fetchManifest: async () => ({ descriptor, bytes }),
      fetchBlob: () => [][Symbol.iterator]() as never,
    };
    await expect(store.pull(source, 'chart')).rejects.toMatchObject({
      code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
      message: expect.stringContaining('not a container image'),
    });
  });
});

describe('cancelling', () => {
  test.each(['before it starts', 'during the download'])('%s', async (when) => {
    writeLayout(directory, [GOOD, BAD], { compress: asTar });
    const controller = new AbortController();
    if (when === 'before it starts') controller.abort();
    const source = new SlowSource(directory, async (bytes, signal) => {
      if (bytes > 100_000) controller.abort(new Error('enough'));
      signal?.throwIfAborted();
    });
    await expect(store.pull(source, 'app', { signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_RCX_ABORTED',
      message: 'pull docker.io/library/app:latest: cancelled',
    });
    expectNothingHalfMade();
  });

  test('while another pull makes the same layer: only the one that was cancelled ends', async () => {
    writeLayout(directory, [GOOD], { compress: asTar });
    const [gate, working] = [new Gate(), new Gate()];
    const slow = new SlowSource(directory, async (bytes) => {
      if (bytes === 0) return;
      working.open();
      await gate.passed;
    });
    const first = store.pull(slow, 'first');
    await working.passed;
    const controller = new AbortController();
    const cancel = (event: PullEvent) => event.type === 'layer' && setTimeout(() => controller.abort(), 20);
    const second = store.pull(new LayoutSource(directory), 'second', { signal: controller.signal, onEvent: cancel });
    await expect(second).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
    gate.open();
    await expect(first).resolves.toMatchObject({ size: 500_000 });
    expect(store.images.has('second')).toBe(false);
  });
});

describeWith({ root: true }, 'a full disk', () => {
  test('is said so, and nothing is left of the attempt', async () => {
    const disk = mkdtempSync(join(scratch, 'disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
    try {
      mkdirSync(join(disk, 'rcx'));
      store = new TestStore(join(disk, 'rcx'));
      writeLayout(directory, [new TarBuilder().file('zeros', Buffer.alloc(8_000_000)).build()]);
      await expect(store.pull(new LayoutSource(directory), 'app')).rejects.toMatchObject({
        errno: 'ENOSPC',
        message: expect.stringMatching(/^unpack layer sha256:.*zeros.*no space left/),
        hint: expect.stringContaining('free some space'),
      });
      expectNothingHalfMade();
      writeLayout(directory, [GOOD]);
      await expect(store.pull(new LayoutSource(directory), 'app')).resolves.toMatchObject({ size: 500_000 });
    } finally {
      // The process that flushes the layers may not have ended yet.
      execFileSync('umount', ['--lazy', disk]);
      rmdirSync(disk);
    }
  });
});
