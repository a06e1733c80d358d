import type { StoredContainer } from './store.ts';

/** One directory of a container's union mount. */
export interface ContainerLayer {
  /** Host path of the directory. */
  path: string;
  /** `rw`, or `ro+wh` for a read-only layer whose whiteouts count, in the words of aufs; `ro` for a bare read-only root. */
  mode: 'rw' | 'ro' | 'ro+wh';
}

/**
 * What a container's root is made of, top to bottom: the read-write layer, the init layer, the image's layers. A bare root
 * filesystem is one directory.
 */
export function containerLayers({ config }: StoredContainer): ContainerLayer[] {
  const { spec, rcx } = config.request;
  if (rcx.overlay === undefined) return [{ path: spec.root.path, mode: spec.root.readonly === true ? 'ro' : 'rw' }];
  const lower = rcx.overlay.lower.map((path): ContainerLayer => ({ path, mode: 'ro+wh' }));
  return [{ path: rcx.overlay.upper, mode: 'rw' }, ...lower];
}
