import { join } from 'node:path';
import { startDockerd } from '../../engines/docker.mjs';
import { makeMachine } from '../../engines/machine.mjs';
import { preparePodman } from '../../engines/podman.mjs';
import { lacking } from '../../packages.mjs';
import { sh, shCleanUp } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';

/**
 * Each engine in a machine of its own, with the image: the words of its commands, and those that a container is run with on the
 * default network.
 * @typedef {{ words: string[], run: string[], machine: string[], env?: object }} Ready
 */

/** @returns {Promise<Ready>} */
async function rcx(scope, bench) {
  const { rcx: own, env } = rcxCommand(bench);
  await sh({ env })`${own} pull -q ${bench.image.reference}`;
  const machine = await makeMachine(scope);
  return { words: [...machine, ...own], run: [], machine, env };
}

/** @returns {Promise<Ready>} */
async function docker(scope, bench) {
  const machine = await makeMachine(scope);
  const { docker: own } = await startDockerd(scope, bench, machine);
  // It does not see the registry's loopback.
  const archive = join(bench.disk, 'image.tar');
  const { reference } = bench.image;
  await sh`skopeo copy --src-tls-verify=false docker://${reference} docker-archive:${archive}:${reference}`;
  await sh`${own} load --quiet --input ${archive}`;
  return { words: own, run: [], machine };
}

/** @returns {Promise<Ready>} */
async function podman(scope, bench) {
  const { podman: own, runFlags } = await preparePodman(scope, bench);
  await sh`${own} pull --quiet --tls-verify=false ${bench.image.reference}`;
  const machine = await makeMachine(scope);
  return { words: [...machine, ...own], run: runFlags, machine };
}

export const ENGINES = [
  { name: 'rcx', available: rcxLacking, prepare: rcx },
  { name: 'docker', available: () => lacking('docker', 'dockerd', 'containerd', 'runc', 'iptables'), prepare: docker },
  { name: 'podman', available: () => lacking('podman', 'conmon', 'runc'), prepare: podman },
];

/** Runs a container in the background until the measurement is over. */
export async function runInBackground(scope, { words, run, env }, name, flags, command) {
  const own = env === undefined ? sh : sh({ env });
  await own`${words} run -d --name ${name} ${run} ${flags} ${command}`;
  const cleanUp = env === undefined ? shCleanUp : shCleanUp({ env });
  scope.defer(`remove the container ${name}`, () => cleanUp`${words} rm -f ${name}`);
}
