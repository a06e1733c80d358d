import { join } from 'node:path';
import { type CopyRoot, initPath } from '../../native/index.ts';
import { withLaunchedRoot } from './containerRoot.ts';

/**
 * Shows directories as the one root that overlayfs makes of them, which nobody can write to and which has nothing else in it but its own
 * `/dev`, for as long as `body` runs.
 * @param folder with an empty directory `rootfs`
 * @param layers topmost first; overlayfs wants two at least
 * @throws those of a launch, ERR_RCX_COPY, and what `body` throws
 */
export async function withLayersRoot<T>(
  folder: string,
  layers: readonly string[],
  body: (root: CopyRoot) => Promise<T>,
): Promise<T> {
  const mountpoint = join(folder, 'rootfs');
  const dev = { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] };
  const request = {
    spec: {
      ociVersion: '1.2.0',
      process: { terminal: false, user: { uid: 0, gid: 0 }, args: ['/'], env: [], cwd: '/' },
      root: { path: mountpoint },
      mounts: [dev],
      linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }] },
    },
    rcx: { id: 'layers', initBinary: initPath(), mountpoint, overlay: { lower: layers } },
  };
  return await withLaunchedRoot(request, body);
}
