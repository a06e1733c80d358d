import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostRoot } from '../../../../ts/image/fromHost/hostRoot.ts';
import { HostFixture } from './hostFixture.ts';

let fixture: HostFixture;
beforeEach(() => {
  fixture = new HostFixture();
});
afterEach(() => fixture.remove());

const walk = (path: string) => {
  const found = new HostRoot(fixture.root).walk(path);
  return found && { end: found.node.path, steps: found.steps.map((step) => step.path) };
};

describe('HostRoot.walk', () => {
  it('names every link and directory on the way of a merged /usr', () => {
    fixture.link('/bin', 'usr/bin').link('/usr/bin/sh', 'dash').file('/usr/bin/dash', '');
    expect(walk('/bin/sh')).toEqual({
      end: '/usr/bin/dash',
      steps: ['/bin', '/usr', '/usr/bin', '/usr/bin/sh', '/usr/bin/dash'],
    });
  });

  it('keeps absolute links and parents of links within the root', () => {
    fixture.link('/a', '/etc/file').link('/b', '../../../etc/file').file('/etc/file', '');
    expect(walk('/a')?.end).toBe('/etc/file');
    expect(walk('/b')?.end).toBe('/etc/file');
    expect(walk('/../../etc/./file')?.end).toBe('/etc/file');
  });

  it('resolves .. against where a link leads, not against its name', () => {
    fixture.link('/short', 'very/deep').directory('/very/deep').file('/very/file', '');
    expect(walk('/short/../file')?.end).toBe('/very/file');
  });

  it.each(['/missing', '/file/below', '/dangling'])('finds nothing at %s', (path) => {
    fixture.file('/file', '').link('/dangling', 'nowhere');
    expect(walk(path)).toBeUndefined();
  });

  it('refuses a circle of links', () => {
    fixture.link('/one', 'two').link('/two', 'one');
    expect(() => walk('/one')).toThrow(expect.objectContaining({ code: 'ERR_RCX_HOST_FILE', errno: 'ELOOP' }));
  });
});
