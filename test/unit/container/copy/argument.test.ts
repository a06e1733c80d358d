import { describe, expect, it } from 'vitest';
import { bytesOf, parseCopy, parseCopyEnd } from '../../../../ts/container/copy/argument.ts';

const local = (path: string) => ({ kind: 'local', path });
const container = (name: string, path: string) => ({ kind: 'container', container: name, path });

describe('one end of a copy', () => {
  it.each([
    ['box:/etc', container('box', '/etc')],
    ['box:etc/x', container('box', 'etc/x')],
    ['box:/a:b', container('box', '/a:b')],
    ['box:', container('box', '')],
    ['/a:b', local('/a:b')],
    ['./a:b', local('./a:b')],
    ['../a:b', local('../a:b')],
    ['.a:b', local('.a:b')],
    ['a', local('a')],
    [':a', local(':a')],
    ['-', { kind: 'stream' }],
    ['./-', local('./-')],
  ])('%s', (text, end) => expect(parseCopyEnd(text)).toEqual(end));
});

describe('a copy', () => {
  it.each([
    ['box:/a', 'b', 'out'],
    ['box:/a', '-', 'out'],
    ['a', 'box:/b', 'in'],
    ['-', 'box:/b', 'in'],
  ])('from %s to %s goes %s', (source, target, direction) =>
    expect(parseCopy(source, target).direction).toBe(direction),
  );

  it.each([
    ['box:/a', 'other:/b', 'cp: copying between containers is not supported'],
    ['a', 'b', 'cp: must specify at least one container source'],
    ['-', '-', 'cp: must specify at least one container source'],
    ['', 'box:/b', 'cp: source can not be empty'],
    ['box:/a', '', 'cp: destination can not be empty'],
    ['a', 'box:', 'cp: box: the path in the container is missing'],
    ['box:', 'a', 'cp: box: the path in the container is missing'],
  ])('from %j to %j is refused', (source, target, message) =>
    expect(() => parseCopy(source, target)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', message }),
    ),
  );
});

it('text becomes the bytes of its UTF-8', () => expect(bytesOf('ä')).toBe('\xc3\xa4'));
