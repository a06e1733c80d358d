import { expect, it } from 'vitest';
import { parseBool } from '../../../ts/oci/parseBool.ts';

it.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('%s is true', (text) => {
  expect(parseBool(text)).toBe(true);
});

it.each(['0', 'f', 'F', 'false', 'FALSE', 'False'])('%s is false', (text) => {
  expect(parseBool(text)).toBe(false);
});

it.each(['', 'yes', 'no', 'tRUE', ' true', '01'])('%j is neither, as for Go', (text) => {
  expect(parseBool(text)).toBeUndefined();
});
