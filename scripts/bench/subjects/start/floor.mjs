import { join } from 'node:path';
import { fs } from 'zx';
import { compile, startMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { defineSubject } from '../subject.mjs';

/** floor.c, compiled for this run. */
export const floor = defineSubject({
  name: 'C floor (clone, overlay, mounts, pivot_root, exec, wait)',
  available: () => lacking('cc'),
  async setup(scope, bench) {
    const layers = join(bench.disk, 'floor');
    await fs.ensureDir(layers);
    return startMeter(scope, [await compile('floor', bench), bench.image.rootfs, layers, '/bin/true']);
  },
});
