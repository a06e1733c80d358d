import { describe, expect, it } from 'vitest';
import { isInRange, parsePortRange } from '../../../ts/container/ports.ts';

describe('parsePortRange', () => {
  it.each([
    ['80', { first: 80, last: 80, protocol: 'tcp' }],
    ['53/udp', { first: 53, last: 53, protocol: 'udp' }],
    ['8000-8080/tcp', { first: 8000, last: 8080, protocol: 'tcp' }],
    ['65536', undefined],
    ['9-8', undefined],
    ['80/', undefined],
    ['80/icmp', undefined],
    ['', undefined],
    ['-1', undefined],
  ])('%j is %j', (text, expected) => {
    expect(parsePortRange(text)).toEqual(expected);
  });
});

describe('isInRange', () => {
  const ranges = [{ first: 8000, last: 8080, protocol: 'tcp' }];

  it.each([
    ['8000/tcp', true],
    ['8080', true],
    ['8081/tcp', false],
    ['8000/udp', false],
    ['nonsense', false],
  ])('%s: %s', (port, expected) => {
    expect(isInRange(port, ranges)).toBe(expected);
  });
});
