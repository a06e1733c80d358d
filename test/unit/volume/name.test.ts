import { expect, it } from 'vitest';
import { checkVolumeName } from '../../../ts/volume/name.ts';

it.each(['ab', 'data', 'a.b', 'A_b-c.1', '0'.repeat(64)])('takes %s', (name) => {
  expect(checkVolumeName(name)).toBe(name);
});

it.each(['', 'a', '.', '..', '../x', 'a/b', '-a', '.a', 'a b', 'a\n', 'ä1', '%41', 'a'.repeat(256)])(
  'refuses %j',
  (name) => {
    expect(() => checkVolumeName(name)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_NAME' }));
  },
);
