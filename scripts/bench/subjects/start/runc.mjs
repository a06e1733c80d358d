import { join } from 'node:path';
import { fs } from 'zx';
import { CGROUP_PARENT, removeCgroupParent } from '../../engines/cgroups.mjs';
import { startCommandMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { sh, shCleanUp } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

/** `runc spec` with what a terminal-less `true` needs; the rest as runc writes it. */
async function writeConfig(bundle) {
  await sh`runc spec --bundle ${bundle}`;
  const file = join(bundle, 'config.json');
  const config = await fs.readJson(file);
  config.process.terminal = false;
  config.process.args = ['true'];
  // Its limits may be above what root is allowed here; without them runc leaves the caller's.
  config.process.rlimits = [];
  config.linux.cgroupsPath = `${CGROUP_PARENT}/runc`;
  await fs.writeJson(file, config);
}

/** The runtime alone: the bundle and its overlay are made once, by somebody else, outside the measurement. */
export const runc = defineSubject({
  name: '`runc run` (bundle and overlay made before)',
  available: () => lacking('runc'),
  async setup(scope, bench) {
    const { image, disk, dir } = bench;
    const bundle = join(disk, 'runc');
    const [rootfs, upper, work] = ['rootfs', 'upper', 'work'].map((name) => join(bundle, name));
    await Promise.all([rootfs, upper, work].map((path) => fs.ensureDir(path)));
    await sh`mount -t overlay -o lowerdir=${image.rootfs},upperdir=${upper},workdir=${work} overlay ${rootfs}`;
    scope.defer(`unmount ${rootfs}`, () => shCleanUp`umount ${rootfs}`);
    scope.defer('remove cgroups', removeCgroupParent);
    await writeConfig(bundle);
    const run = ['run', '--bundle', bundle, `bench-${process.pid}`];
    return startCommandMeter(scope, bench, ['runc', '--root', join(dir, 'runc'), ...run]);
  },
});
