import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../ts/layer/limits.ts';
import { sinkOptions } from '../../ts/layer/privilege.ts';
import { manyFilesLayer } from '../support/manyFiles.ts';
import { describeWith } from '../support/requires.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { unpackBlob } from '../support/unpacking.ts';

const scratch = scratchDirectory();
const MILLION = 1_000_000;
const MB = 1_000_000;

/** Bytes of memory that this process had at most since {@link forgetPeak}. */
const peak = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
const forgetPeak = () => writeFileSync('/proc/self/clear_refs', '5');

describeWith({ root: true }, 'a layer of a million files', () => {
  // On a disk in memory: how fast a real one makes files is not what this is about.
  test('is unpacked whole, in little memory, and one that has more than it may is stopped before', async () => {
    const disk = join(scratch, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1g,nr_inodes=0', 'tmpfs', disk]);
    try {
      const { blob, diffId } = await manyFilesLayer(MILLION);
      expect(blob.length).toBeLessThan(15 * MB);
      const unpack = (name: string, maxEntries: number) => {
        const directory = join(disk, name);
        mkdirSync(directory);
        unpackBlob({ diffId, directory, sink: sinkOptions(), limits: { ...DEFAULT_LIMITS, maxEntries } }, blob);
        return directory;
      };
      expect(() => unpack('stopped', 1000)).toThrow('the layer is too large: it has more than 1000 entries');
      expect(readdirSync(join(disk, 'stopped'))).toEqual(['00000']);

      forgetPeak();
      const before = peak();
      const directory = unpack('whole', DEFAULT_LIMITS.maxEntries);
      // Some pieces on their way, and a record for each of the thousand directories.
      expect(peak() - before).toBeLessThan(100 * MB);
      const directories = readdirSync(directory);
      expect(directories).toHaveLength(MILLION / 1000);
      for (const name of directories) expect(readdirSync(join(directory, name))).toHaveLength(1000);
    } finally {
      execFileSync('umount', ['--lazy', disk]);
      rmdirSync(disk);
    }
  }, 180_000);
});
