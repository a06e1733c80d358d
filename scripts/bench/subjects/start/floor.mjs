import { join } from 'node:path';
import { fs } from 'zx';
import { lacking } from '../../packages.mjs';
import { sh, startMeter } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

/** floor.c, compiled for this run. */
export const floor = defineSubject({
  name: 'C floor (clone, overlay, mounts, pivot_root, exec, wait)',
  available: () => lacking('cc'),
  async setup(scope, { image, disk, dir, root }) {
    const program = join(dir, 'floor');
    const layers = join(disk, 'floor');
    await sh`cc -O2 -o ${program} ${join(root, 'scripts/bench/floor.c')}`;
    await fs.ensureDir(layers);
    const meter = startMeter([program, image.rootfs, layers, '/bin/true']);
    scope.defer('end floor', () => meter.stop());
    return () => meter.ask();
  },
});
