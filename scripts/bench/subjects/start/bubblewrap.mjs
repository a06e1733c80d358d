import { lacking } from '../../packages.mjs';
import { timeProgram } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

/** A sandbox, not a container: no layers, no cgroup; the unpacked image is its read-only root. */
export const bubblewrap = defineSubject({
  name: '`bwrap --unshare-all` (unpacked root, no overlay)',
  available: () => lacking('bwrap'),
  async setup(_scope, { image }) {
    const mounts = ['--ro-bind', image.rootfs, '/', '--proc', '/proc', '--dev', '/dev', '--ro-bind', '/sys', '/sys'];
    const command = ['bwrap', '--unshare-all', ...mounts, '--mqueue', '/dev/mqueue', 'true'];
    return () => timeProgram(command);
  },
});
