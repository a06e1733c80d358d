import { describe, expect, it } from 'vitest';
import { following } from '../../../ts/api/following.ts';

const later = () => new Promise((resolve) => setTimeout(resolve, 5));

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

describe('something that takes time', () => {
  const counting = (fails = false) =>
    following<number, string>(async (tell) => {
      tell(1);
      await later();
      tell(2);
      if (fails) throw new Error('no more');
      return 'done';
    });

  it('is awaited for its result', async () => {
    expect(await counting()).toBe('done');
  });

  it('is iterated for what happens, from the beginning', async () => {
    const both = counting();
    expect(await collect(both)).toEqual([1, 2]);
    expect(await both).toBe('done');
  });

  it('fails where it is awaited and where it is iterated', async () => {
    await expect(counting(true)).rejects.toThrow('no more');
    await expect(collect(counting(true))).rejects.toThrow('no more');
  });

  it('tells only what comes to whoever is late', async () => {
    const both = counting();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await collect(both)).toEqual([2]);
  });

  it('can be left', async () => {
    const both = counting();
    for await (const event of both) {
      expect(event).toBe(1);
      break;
    }
    expect(await both).toBe('done');
  });
});
