import { describe, expect, it } from 'vitest';
import { Scope, withScope } from '../../../scripts/bench/scope.mjs';

describe('Scope', () => {
  it('undoes last first, once', async () => {
    const done = [];
    const scope = new Scope();
    scope.defer('first', async () => done.push('first'));
    scope.defer('second', () => done.push('second'));
    await scope.close();
    await scope.close();
    expect(done).toEqual(['second', 'first']);
  });

  it('tries every step although one fails, and names those that did', async () => {
    const done = [];
    const scope = new Scope();
    scope.defer('remove', () => done.push('removed'));
    scope.defer('unmount /x', () => {
      throw new Error('busy');
    });
    await expect(scope.close()).rejects.toThrow('unmount /x: busy');
    expect(done).toEqual(['removed']);
  });
});

describe('withScope', () => {
  it('closes after success and returns the result', async () => {
    let closed = false;
    const result = await withScope(async (scope) => {
      scope.defer('close', () => {
        closed = true;
      });
      return 7;
    });
    expect([result, closed]).toEqual([7, true]);
  });

  it('closes after a failure, whose message is not lost to one of the clean-up', async () => {
    const failing = withScope(async (scope) => {
      scope.defer('unmount', () => {
        throw new Error('busy');
      });
      throw new Error('pull failed');
    });
    await expect(failing).rejects.toThrow('pull failed; and while cleaning up: unmount: busy');
  });
});
