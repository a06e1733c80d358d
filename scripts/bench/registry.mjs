import { createServer } from 'node:net';
import { join } from 'node:path';
import { fs } from 'zx';
import { startDaemon } from './processes.mjs';

/**
 * Starts docker-registry on a free loopback port, its blobs in `storage` (kept between runs).
 * @returns {Promise<{ host: string }>} host is `127.0.0.1:PORT`: not a name, so that no subject asks a resolver
 */
export async function startRegistry(scope, { storage, dir }) {
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(dir, 'registry.yml');
  await fs.outputFile(
    config,
    [
      'version: 0.1',
      'log: { level: error, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${JSON.stringify(storage)} }, cache: { blobdescriptor: inmemory } }`,
      `http: { addr: ${host} }`,
      '',
    ].join('\n'),
  );
  await startDaemon(scope, ['docker-registry', 'serve', config], {
    log: join(dir, 'registry.log'),
    ready: () =>
      fetch(`http://${host}/v2/`).then(
        (response) => response.ok,
        () => false,
      ),
  });
  return { host };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
