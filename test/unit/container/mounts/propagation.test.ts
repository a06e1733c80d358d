import { expect, it } from 'vitest';
import { checkPropagation } from '../../../../ts/container/mounts/propagation.ts';

/** `/usr` is a shared mount, `/usr/lib` a slave, `/` neither. */
const TABLE = [
  '1 0 8:1 / / rw - ext4 /dev/a rw',
  '2 1 8:2 / /usr rw shared:7 - ext4 /dev/b rw',
  '3 2 8:3 / /usr/lib rw master:7 - ext4 /dev/c rw',
  '',
].join('\n');

it.each([
  ['/usr/bin', 'rshared'],
  ['/usr/bin', 'slave'],
  ['/usr/lib', 'rslave'],
  ['/etc', 'rprivate'],
  ['/etc', undefined],
])('takes %s with %s', (path, propagation) => {
  expect(() => checkPropagation(path, propagation, TABLE)).not.toThrow();
});

it.each([
  ['/etc', 'shared', 'path /etc is mounted on / but it is not a shared mount'],
  ['/etc', 'rslave', 'path /etc is mounted on / but it is not a shared or slave mount'],
  ['/usr/lib', 'rshared', 'path /usr/lib is mounted on /usr/lib but it is not a shared mount'],
])('refuses %s with %s', (path, propagation, message) => {
  expect(() => checkPropagation(path, propagation, TABLE)).toThrow(message);
});

it('goes by what covers a mount, and reads blanks', () => {
  const covered = `${TABLE}4 2 0:9 / /usr rw - tmpfs none rw\n5 1 0:8 / /a\\040b rw shared:1 - tmpfs none rw\n`;
  expect(() => checkPropagation('/usr/bin', 'rshared', covered)).toThrow('mounted on /usr but');
});
