import { describe, expect, it } from 'vitest';
import { matchesPattern, parseContainerFilters } from '../../../ts/container/filters.ts';

describe('parseContainerFilters', () => {
  it('collects the values of each name', () => {
    const filters = parseContainerFilters(['name=web', 'Name = db', 'label=a=b=c', 'status=paused', 'exited=-1']);
    expect(Object.fromEntries(filters)).toEqual({
      name: ['web', 'db'],
      label: ['a=b=c'],
      status: ['paused'],
      exited: ['-1'],
    });
  });

  it.each([
    ['web', /bad format of filter/],
    ['', /bad format of filter/],
    ['colour=red', /there is no filter "colour"/],
    ['\u001b[2J=x', /there is no filter "\\u\{1b\}\[2j"/],
    ['status=up', /there is no status "up"/],
    ['health=fine', /no health "fine"/],
    ['exited=zero', /"zero" is no exit code/],
    ['name=(', /"\(" is no regular expression/],
    ['publish=http', /"http" is no port/],
    ['expose=9-8', /"9-8" is no port/],
    ['expose=80/icmp', /is no port/],
  ])('refuses %j', (text, message) => {
    expect(() => parseContainerFilters([text])).toThrow(message);
  });
});

describe('matchesPattern', () => {
  it.each([
    [['web'], 'my-web-1', true],
    [['^web$'], 'my-web-1', false],
    [['^/web$', 'db'], '/web', true],
    [['a+b'], 'a+b', true],
    [[], 'web', false],
  ])('%j in %s: %s', (patterns, text, expected) => {
    expect(matchesPattern(patterns, text)).toBe(expected);
  });
});
