import { expect, it } from 'vitest';
import { formatTrace } from '../../../../cli/output/trace.ts';

it('has a line for each part of a launch, and their sum', () => {
  const parts = [
    { what: 'clone a process', object: '', duration: 312.4 },
    { what: 'mount in the container', object: 'proc on /proc', duration: 21.6 },
    { what: 'mask', object: '/a\u001b[31m', duration: 12_345 },
  ];
  expect(formatTrace(parts)).toEqual([
    '    312 µs  clone a process',
    '     22 µs  mount in the container: proc on /proc',
    '  12345 µs  mask: /a\\x1b[31m',
    '  12679 µs  all of the launch',
  ]);
});
