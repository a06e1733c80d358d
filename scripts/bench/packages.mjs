import { fs, which } from 'zx';
import { sh } from './processes.mjs';

/** The Debian package of each program a run may need; programs of one package are listed once each. */
const PACKAGE_OF = {
  bwrap: 'bubblewrap',
  cc: 'gcc',
  'docker-registry': 'docker-registry',
  docker: 'docker.io',
  dockerd: 'docker.io',
  'mkfs.ext4': 'e2fsprogs',
  mmdebstrap: 'mmdebstrap',
  mount: 'mount',
  podman: 'podman',
  runc: 'runc',
  skopeo: 'skopeo',
};
/** Its presence with exit code 101 keeps packages from starting their services: this run starts its own daemons. */
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs the packages of the `programs` that are missing, when this is root on a machine with apt. What could not be
 * installed is no error here: the subject that needs it says why it is not in the table.
 */
export async function installMissing(programs, say) {
  const missing = programs.filter((program) => which.sync(program, { nothrow: true }) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PACKAGE_OF[program]))];
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
  const install = () => apt`apt-get install --yes --no-install-recommends ${packages}`;
  // The package lists of a fresh machine are empty or old: update only if it does not work without.
  await install().catch(async () => {
    await apt`apt-get update`;
    await install();
  });
}

/** The reason why a program cannot be used, or undefined. */
export function lacking(...programs) {
  const missing = programs.filter((program) => which.sync(program, { nothrow: true }) === null);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}
