import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pullProgress, pushProgress } from '../../../../cli/output/progress.ts';
import { digestOf } from '../../../../ts/oci/digest.ts';

const [A, B] = [digestOf(Buffer.from('a')), digestOf(Buffer.from('b'))];
const [a, b] = [A.slice(7, 19), B.slice(7, 19)];

const isTTY = process.stderr.isTTY;
let written: string;
beforeEach(() => {
  written = '';
  vi.useFakeTimers();
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
});
afterEach(() => {
  process.stderr.isTTY = isTTY;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('progress in a file or pipe', () => {
  beforeEach(() => {
    process.stderr.isTTY = false;
  });

  it('of a push is a line for each step of a layer, once, without bars', () => {
    const { onEvent, finish } = pushProgress(false);
    for (const diffId of [A, B]) onEvent({ diffId, status: 'preparing' });
    onEvent({ diffId: A, status: 'compressing' });
    for (const current of [0, 10, 20]) onEvent({ diffId: A, status: 'pushing', current, total: 20 });
    onEvent({ diffId: A, status: 'pushed' });
    onEvent({ diffId: B, status: 'mounted', from: 'library/ubuntu' });
    finish();
    expect(written.split('\n')).toEqual([
      `${a}: Preparing`,
      `${b}: Preparing`,
      `${a}: Compressing`,
      `${a}: Pushing`,
      `${a}: Pushed`,
      `${b}: Mounted from library/ubuntu`,
      '',
    ]);
  });

  it('of a pull says what was missing, and each layer’s steps', () => {
    const { onMissing, onEvent, finish } = pullProgress(false);
    onMissing?.('ubuntu:latest');
    const layers = [A, B].map((digest) => ({ digest, size: 10 }));
    onEvent?.({ type: 'manifest', digest: A, source: A, layers });
    for (const current of [1, 9]) onEvent?.({ type: 'layer', digest: A, status: 'downloading', current, total: 10 });
    onEvent?.({ type: 'layer', digest: A, status: 'complete' });
    onEvent?.({ type: 'layer', digest: B, status: 'exists' });
    finish();
    expect(written.split('\n')).toEqual([
      "Unable to find image 'ubuntu:latest' locally; pulling it",
      `${a}: Waiting`,
      `${b}: Waiting`,
      `${a}: Downloading`,
      `${a}: Pull complete`,
      `${b}: Already exists`,
      '',
    ]);
  });
});

describe('progress on a terminal', () => {
  beforeEach(() => {
    process.stderr.isTTY = true;
  });

  /** What an event looks like, alone and drawn at once. */
  function drawn(...events: Parameters<ReturnType<typeof pushProgress>['onEvent']>): string {
    const { onEvent, finish } = pushProgress(false);
    onEvent(...events);
    finish();
    return written.split('\u001b[J').at(-1) ?? '';
  }

  it.each([
    [0, 100, `[${' '.repeat(30)}] 0B/100B`],
    [50, 100, `[${'='.repeat(15)}${' '.repeat(15)}] 50B/100B`],
    [99_999, 100_000, `[${'='.repeat(29)} ] 100kB/100kB`],
    [100, 100, `[${'='.repeat(30)}] 100B/100B`],
    [150, 100, `[${'='.repeat(30)}] 150B/100B`],
    [0, 0, `[${' '.repeat(30)}] 0B/0B`],
  ])('has a bar for %d of %d bytes', (current, total, bar) => {
    expect(drawn({ diffId: A, status: 'pushing', current, total })).toBe(`${a}: Pushing ${bar}\n`);
  });

  it('has none for what cannot be counted', () => {
    expect(drawn({ diffId: A, status: 'compressing' })).toBe(`${a}: Compressing\n`);
  });

  it('leaves one line of each layer', () => {
    const { onEvent, finish } = pushProgress(false);
    onEvent({ diffId: A, status: 'preparing' });
    onEvent({ diffId: A, status: 'exists' });
    onEvent({ diffId: B, status: 'preparing' });
    onEvent({ diffId: B, status: 'skipped' });
    finish();
    expect(written.split('\u001b[J').at(-1)).toBe(`${a}: Layer already exists\n${b}: Skipped foreign layer\n`);
  });
});

describe('no progress', () => {
  it('is written when quiet', () => {
    const push = pushProgress(true);
    push.onEvent({ diffId: A, status: 'preparing' });
    push.finish();
    const pull = pullProgress(true);
    pull.onMissing?.('ubuntu:latest');
    pull.finish();
    expect(written).toBe('');
  });

  it('is written, not even a command to the terminal, when nothing happened', () => {
    process.stderr.isTTY = true;
    pushProgress(false).finish();
    pullProgress(false).finish();
    expect(written).toBe('');
  });
});
