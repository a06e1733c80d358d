import { startCommandMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { defineSubject } from '../subject.mjs';

/** A sandbox, not a container: no layers, no cgroup; the unpacked image is its read-only root. */
export const bubblewrap = defineSubject({
  name: '`bwrap --unshare-all` (unpacked root, no overlay)',
  available: () => lacking('bwrap'),
  async setup(scope, bench) {
    const mounts = [
      ['--ro-bind', bench.image.rootfs, '/'],
      ['--ro-bind', '/sys', '/sys'],
      ['--proc', '/proc'],
      ['--dev', '/dev'],
      ['--mqueue', '/dev/mqueue'],
    ];
    return startCommandMeter(scope, bench, ['bwrap', '--unshare-all', ...mounts.flat(), 'true']);
  },
});
