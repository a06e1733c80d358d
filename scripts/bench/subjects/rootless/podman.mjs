import { join } from 'node:path';
import { fs } from 'zx';
import { PODMAN_LIMITS, podmanWords } from '../../engines/podman.mjs';
import { makeUser } from '../../engines/user.mjs';
import { startCommandMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { sh, shCleanUp } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

const TUN = '/dev/net/tun';

/**
 * A mount namespace in which every user may open the tun device, as on most systems; slirp4netns needs it.
 * @returns {Promise<string[]>} the words that a command in it begins with
 */
async function withTun(scope, { dir }) {
  const device = join(dir, 'tun');
  await sh`mknod --mode=666 ${device} c 10 200`;
  scope.defer(`remove ${device}`, () => fs.remove(device));
  return ['unshare', '--mount', 'sh', '-c', `mount --bind ${device} ${TUN} && exec "$@"`, 'sh'];
}

/** Of an ordinary user, with flags of `run` that say which network. */
const ofUser = (name, user, flags, { programs, isNetworked }) =>
  defineSubject({
    name,
    available: () => lacking('podman', 'conmon', 'runc', 'newuidmap', ...programs),
    async setup(scope, bench) {
      const { words, env, home, run } = await makeUser(scope, bench, user);
      const runc = (await sh`command -v runc`).stdout.trim();
      const enter = isNetworked ? await withTun(scope, bench) : [];
      const podman = [...enter, ...words, ...podmanWords(runc, join(home, 'podman'), join(run, 'podman'))];
      const own = { env, cwd: home };
      // Ends the process that keeps his namespace.
      scope.defer(`end podman of ${user}`, () => shCleanUp(own)`${podman} system migrate`);
      await sh(own)`${podman} pull --quiet --tls-verify=false ${bench.image.reference}`;
      const command = [...podman, 'run', '--rm', ...PODMAN_LIMITS, ...flags, bench.image.reference, 'true'];
      return startCommandMeter(scope, bench, command, own);
    },
  });

const NONE = { programs: [], isNetworked: false };
const SLIRP = { programs: ['slirp4netns'], isNetworked: true };
export const podmanUser = ofUser('`podman run --rm --network none`, user', 'rcxbench3', ['--network', 'none'], NONE);
export const podmanUserNetwork = ofUser('`podman run --rm`, user', 'rcxbench4', [], SLIRP);
