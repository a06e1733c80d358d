import { Agent } from 'node:http';
import { join } from 'node:path';
import { startDockerd } from '../../engines/docker.mjs';
import { call } from '../../engines/dockerApi.mjs';
import { lacking } from '../../packages.mjs';
import { sh } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

/** What a Node program does today: the requests `docker run --rm` makes, in a process that is already running. */
async function runOnce(connection, image) {
  const begin = process.hrtime.bigint();
  const container = { Image: image, Cmd: ['true'], HostConfig: { NetworkMode: 'none', AutoRemove: true } };
  const { Id: id } = await call(connection, 'POST', '/containers/create', container);
  const [{ StatusCode: status }] = await Promise.all([
    call(connection, 'POST', `/containers/${id}/wait?condition=removed`),
    call(connection, 'POST', `/containers/${id}/start`),
  ]);
  const spent = process.hrtime.bigint() - begin;
  if (status !== 0) throw new Error(`true ended with exit code ${status}`);
  return Number(spent);
}

export const dockerApi = defineSubject({
  name: 'Docker Engine API (create, start, wait, remove)',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const own = { disk: join(bench.disk, 'api'), dir: join(bench.dir, 'api') };
    const { docker, socket: socketPath } = await startDockerd(scope, own);
    const agent = new Agent({ keepAlive: true });
    scope.defer('close the connection', () => agent.destroy());
    await sh`${docker} pull --quiet ${bench.image.reference}`;
    return () => runOnce({ agent, socketPath }, bench.image.reference);
  },
});
