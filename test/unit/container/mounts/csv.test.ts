import { expect, it } from 'vitest';
import { splitCsv } from '../../../../ts/container/mounts/csv.ts';

it.each([
  ['', ['']],
  ['a', ['a']],
  ['a,b=c,', ['a', 'b=c', '']],
  [',', ['', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['x,"say ""hi""",""', ['x', 'say "hi"', '']],
])('splits %j', (line, fields) => {
  expect(splitCsv(line)).toEqual(fields);
});

it.each(['"a', 'a"b', '"a"b', 'a,"b', '"a""'])('refuses %j', (line) => {
  expect(splitCsv(line)).toBeUndefined();
});
