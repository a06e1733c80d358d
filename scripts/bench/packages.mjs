import { fs, which } from 'zx';
import { sh } from './processes.mjs';

/** Programs a run cannot do without, and their Debian packages. */
const REQUIRED = {
  cc: 'gcc',
  'docker-registry': 'docker-registry',
  'mkfs.ext4': 'e2fsprogs',
  mmdebstrap: 'mmdebstrap',
  skopeo: 'skopeo',
};
/** The peers: a machine without one of them measures the others. */
const PEERS = {
  bwrap: 'bubblewrap',
  docker: 'docker.io',
  dockerd: 'docker.io',
  iperf3: 'iperf3',
  iptables: 'iptables',
  newuidmap: 'uidmap',
  podman: 'podman',
  runc: 'runc',
  slirp4netns: 'slirp4netns',
};
/** Its presence with exit code 101 keeps packages from starting their services: this run starts its own daemons. */
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs what is missing, when this is root on a machine with apt. A peer that cannot be had is no error here: its
 * subject says why it is not in the table.
 * @throws when a required program is missing afterwards
 */
export async function providePrograms(say) {
  const packageOf = { ...REQUIRED, ...PEERS };
  const missing = missingOf(Object.keys(packageOf));
  if (missing.length > 0) await install([...new Set(missing.map((program) => packageOf[program]))], say);
  const reason = lacking(...Object.keys(REQUIRED));
  if (reason !== undefined) throw new Error(reason);
}

async function install(packages, say) {
  if (process.geteuid() !== 0 || which.sync('apt-get', { nothrow: true }) === null) {
    say(`not installed, and only root can change that with apt: ${packages.join(' ')}`);
    return;
  }
  say(`installing ${packages.join(' ')} (apt-get)`);
  const ownPolicy = !(await fs.pathExists(POLICY));
  if (ownPolicy) await fs.outputFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await aptInstall(packages);
  } catch (error) {
    say(`apt-get could not install them: ${error.stderr?.trim().split('\n').at(-1) ?? error.message}`);
  } finally {
    if (ownPolicy) await fs.remove(POLICY);
  }
}

async function aptInstall(packages) {
  const apt = sh({ env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  const attempt = () => apt`apt-get install --yes --no-install-recommends ${packages}`;
  // The package lists of a fresh machine are empty or old: update only if it does not work without.
  await attempt().catch(async () => {
    await apt`apt-get update`;
    await attempt();
  });
}

/** The reason why a program cannot be used, or undefined. */
export function lacking(...programs) {
  const missing = missingOf(programs);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}

const missingOf = (programs) => programs.filter((program) => which.sync(program, { nothrow: true }) === null);
