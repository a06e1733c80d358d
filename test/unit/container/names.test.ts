import { describe, expect, it } from 'vitest';
import { checkName, randomName } from '../../../ts/container/names.ts';

describe('checkName', () => {
  it.each(['web', 'web-1', 'a.b_c', '0a', 'Zz'])('takes %s', (name) => {
    expect(checkName(name)).toBe(name);
  });

  it.each(['', 'a', '-a', '.a', '_a', 'a b', 'a/b', '../x', 'a\n', 'ä1', 'a:b', '/web'])('refuses %j', (name) => {
    expect(() => checkName(name)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_NAME', path: name }));
  });
});

describe('randomName', () => {
  it('is a name, and seldom twice the same', () => {
    const names = Array.from({ length: 200 }, randomName);
    for (const name of names) expect(checkName(name)).toMatch(/^[a-z]+_[a-z]+$/);
    expect(new Set(names).size).toBeGreaterThan(150);
  });
});
