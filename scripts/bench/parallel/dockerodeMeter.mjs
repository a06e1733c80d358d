// The same through dockerode: dockerodeMeter.mjs SOCKET IMAGE
import { createInterface } from 'node:readline';
import Docker from 'dockerode';
import { parallel } from './workers.mjs';

const [, , socketPath, image] = process.argv;
const docker = new Docker({ socketPath });
for await (const line of createInterface({ input: process.stdin })) {
  const [atOnce, total] = line.split(' ').map(Number);
  const measured = await parallel(
    async () => {
      const options = { Image: image, Cmd: ['true'], HostConfig: { NetworkMode: 'none', AutoRemove: true } };
      const container = await docker.createContainer(options);
      const [{ StatusCode: status }] = await Promise.all([container.wait({ condition: 'removed' }), container.start()]);
      if (status !== 0) throw new Error(`true ended with exit code ${status}`);
    },
    { atOnce, total },
  );
  console.log(JSON.stringify(measured));
}
