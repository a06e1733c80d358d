import { Agent } from 'node:http';
import { join } from 'node:path';
import { startDockerd } from '../../engines/docker.mjs';
import { call } from '../../engines/dockerApi.mjs';
import { preparePodman } from '../../engines/podman.mjs';
import { startCommandMeter, startMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { sh, shCleanUp } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { node } from '../start/hostProcess.mjs';
import { defineSubject } from '../subject.mjs';

const NAME = 'exec';
/** A container that is there as long as the measurement. */
const WAIT = ['sleep', '86400'];

const rcx = defineSubject({
  name: '`rcx exec`',
  available: rcxLacking,
  async setup(scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} run -d --name ${NAME} --network none ${bench.image.reference} ${WAIT}`;
    scope.defer('remove the container', () => shCleanUp({ env })`${rcx} rm -f ${NAME}`);
    return startCommandMeter(scope, bench, [...rcx, 'exec', NAME, 'true'], { env });
  },
});

const rcxApi = defineSubject({
  name: 'rcx API, in-process',
  available: rcxLacking,
  async setup(scope, bench) {
    const own = { ...bench, disk: join(bench.disk, 'rcx-api'), dir: join(bench.dir, 'rcx-api') };
    const { rcx, env } = rcxCommand(own);
    await sh({ env })`${rcx} run -d --name ${NAME} --network none ${bench.image.reference} ${WAIT}`;
    scope.defer('remove the container', () => shCleanUp({ env })`${rcx} rm -f ${NAME}`);
    return startMeter(scope, [process.execPath, join(bench.root, 'scripts/bench/rcxExecMeter.mjs'), NAME], { env });
  },
});

const docker = defineSubject({
  name: '`docker exec`',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const { docker } = await startDockerd(scope, bench);
    await sh`${docker} run -d --name ${NAME} --network none ${bench.image.reference} ${WAIT}`;
    scope.defer('remove the container', () => shCleanUp`${docker} rm -f ${NAME}`);
    return startCommandMeter(scope, bench, [...docker, 'exec', NAME, 'true']);
  },
});

/** What a Node program does today, in a process that is already running. */
async function execOnce(connection) {
  const begin = process.hrtime.bigint();
  const { Id: id } = await call(connection, 'POST', `/containers/${NAME}/exec`, { Cmd: ['true'], AttachStdout: true });
  // Its answer ends with the program.
  await call(connection, 'POST', `/exec/${id}/start`, { Detach: false });
  const { ExitCode: code } = await call(connection, 'GET', `/exec/${id}/json`);
  const spent = process.hrtime.bigint() - begin;
  if (code !== 0) throw new Error(`true ended with exit code ${code}`);
  return Number(spent);
}

const dockerApi = defineSubject({
  name: 'Docker Engine API (exec create, start, inspect)',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const own = { disk: join(bench.disk, 'api'), dir: join(bench.dir, 'api') };
    const { docker, socket: socketPath } = await startDockerd(scope, own);
    const agent = new Agent({ keepAlive: true });
    scope.defer('close the connection', () => agent.destroy());
    await sh`${docker} run -d --name ${NAME} --network none ${bench.image.reference} ${WAIT}`;
    scope.defer('remove the container', () => shCleanUp`${docker} rm -f ${NAME}`);
    return () => execOnce({ agent, socketPath });
  },
});

const podman = defineSubject({
  name: '`podman exec`',
  available: () => lacking('podman', 'conmon', 'runc'),
  async setup(scope, bench) {
    const { podman, runFlags } = await preparePodman(scope, bench);
    const { reference } = bench.image;
    await sh`${podman} pull --quiet --tls-verify=false ${reference}`;
    await sh`${podman} run -d --name ${NAME} --network none ${runFlags} ${reference} ${WAIT}`;
    scope.defer('remove the container', () => shCleanUp`${podman} rm -f -t 0 ${NAME}`);
    return startCommandMeter(scope, bench, [...podman, 'exec', NAME, 'true']);
  },
});

/** In the order of the table. */
export const execSubjects = [rcx, rcxApi, dockerApi, docker, podman, node];
