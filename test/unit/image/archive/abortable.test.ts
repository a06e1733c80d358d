import { describe, expect, it } from 'vitest';
import { abortable } from '../../../../ts/image/archive/abortable.ts';

async function* from(...pieces: number[]): AsyncGenerator<number> {
  yield* pieces;
}
const never = new AbortController().signal;

describe('abortable', () => {
  it('gives what the source gives, and its error', async () => {
    const taken: number[] = [];
    for await (const piece of abortable(from(1, 2, 3), never)) taken.push(piece);
    expect(taken).toEqual([1, 2, 3]);
    const broken = async function* () {
      yield 1;
      throw new Error('broken');
    };
    const pieces = abortable(broken(), never);
    await pieces.next();
    await expect(pieces.next()).rejects.toThrow('broken');
  });

  it('ends when the signal comes, whether or not the source does', async () => {
    const controller = new AbortController();
    const stuck = async function* () {
      yield 1;
      await new Promise(() => undefined);
    };
    const pieces = abortable(stuck(), controller.signal);
    expect(await pieces.next()).toEqual({ done: false, value: 1 });
    const next = pieces.next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    await expect(abortable(from(1), controller.signal).next()).rejects.toThrow('enough');
  });

  it('closes a source that is left', async () => {
    let isClosed = false;
    const source = async function* () {
      try {
        yield* [1, 2];
      } finally {
        isClosed = true;
      }
    };
    for await (const piece of abortable(source(), never)) if (piece === 1) break;
    await new Promise(setImmediate);
    expect(isClosed).toBe(true);
  });
});
