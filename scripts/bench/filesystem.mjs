import { readFileSync } from 'node:fs';
import { fs } from 'zx';
import { sh, shCleanUp } from './processes.mjs';

/** Enough for the large image as blobs and as files, with room to spare; the file is sparse. */
const SIZE = '8G';

/**
 * A freshly made ext4 in a file of the cache directory, mounted at `mountPoint` until the scope is closed. Fresh, because
 * ext4 avoids recently freed inodes: after a large removal, files made within minutes cost up to three times more.
 */
export async function mountFreshExt4(scope, { file, mountPoint }) {
  scope.defer(`remove ${file}`, () => fs.remove(file));
  await fs.remove(file);
  await sh`truncate --size=${SIZE} ${file}`;
  // Lazy initialisation would write inode tables in the background, while something is measured.
  await sh`mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 ${file}`;
  await fs.ensureDir(mountPoint);
  scope.defer(`remove ${mountPoint}`, () => fs.rmdir(mountPoint));
  await sh`mount -o loop ${file} ${mountPoint}`;
  scope.defer(`unmount ${mountPoint}`, () => shCleanUp`umount ${mountPoint}`);
}

/** Every mount of the host as one comparable line: root within its filesystem, mount point, type and source. */
export function mountTable() {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const fields = line.split(' ');
      const [type, source] = fields.slice(fields.indexOf('-') + 1);
      return `${source}${fields[3] === '/' ? '' : `[${fields[3]}]`} on ${fields[4]} type ${type}`;
    })
    .sort();
}

/** The mounts that were not there before; what is gone was another process's and is no concern of this one. */
export function mountsLeft(before, after) {
  return after.filter((line) => !before.includes(line));
}
