import { describe, expect, it } from 'vitest';
import type { FoundImage } from '../../../ts/registry/search.ts';
import { parseSearch, searchFilter } from '../../../ts/registry/searchTerm.ts';

const refused = (message: string) =>
  expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', message: expect.stringContaining(message) });

describe('parseSearch', () => {
  it.each([
    ['alpine', 'docker.io', 'alpine'],
    ['library/alpine', 'docker.io', 'alpine'],
    ['me/app', 'docker.io', 'me/app'],
    ['docker.io/me/app', 'docker.io', 'me/app'],
    ['index.docker.io/app', 'docker.io', 'app'],
    ['localhost/app', 'localhost', 'app'],
    ['localhost:5000/a/b', 'localhost:5000', 'a/b'],
    ['r.test/library/app', 'r.test', 'library/app'],
    ['[::1]:5000/', '[::1]:5000', ''],
    ['r.test', 'docker.io', 'r.test'],
  ])('%s is looked for on %s as %j', (text, registry, term) => {
    expect(parseSearch(text)).toEqual({ registry, term, limit: 25 });
  });

  it.each([1, 25, 100])('takes a limit of %i', (limit) => {
    expect(parseSearch('a', limit).limit).toBe(limit);
  });

  it.each([-1, 101, 1.5, Number.NaN])('refuses a limit of %d', (limit) => {
    expect(() => parseSearch('a', limit)).toThrow(refused('outside the range of [1, 100]'));
  });

  it.each([
    ['', 'nothing to look for'],
    ['library/', 'nothing to look for'],
    ['https://r.test/app', 'has a scheme'],
    ['a..b/app', 'not a registry host'],
  ])('refuses %j', (text, message) => {
    expect(() => parseSearch(text)).toThrow(refused(message));
  });
});

describe('searchFilter', () => {
  const image = (stars: number, isOfficial: boolean): FoundImage => ({ name: 'a', description: '', stars, isOfficial });

  it.each([
    [[], [true, true, true]],
    [[['stars', '3']], [false, true, true]],
    [
      [
        ['stars', '3'],
        ['stars', '10'],
      ],
      [false, false, true],
    ],
    [[['stars', '-3']], [true, true, true]],
    [[['is-official', 'true']], [false, true, false]],
    [[['is-official', '0']], [true, false, true]],
    [[['is-automated', 'true']], [false, false, false]],
    [[['is-automated', 'false']], [true, true, true]],
  ] as [[string, string][], boolean[]][])('%j', (filters, kept) => {
    const filter = searchFilter(filters);
    expect([image(0, false), image(5, true), image(100, false)].map(filter)).toEqual(kept);
  });

  it.each([
    [[['name', 'x']], 'invalid filter "name"'],
    [[['stars', 'many']], 'invalid filter "stars=many"'],
    [[['is-official', 'yes']], 'invalid filter "is-official=yes"'],
    [
      [
        ['is-official', 'true'],
        ['is-official', 'false'],
      ],
      'invalid filter "is-official=true, false"',
    ],
  ] as [[string, string][], string][])('refuses %j', (filters, message) => {
    expect(() => searchFilter(filters)).toThrow(refused(message));
  });
});
