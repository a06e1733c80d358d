import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { plain } from '../../oci/quote.ts';
import type { StoredContainer } from '../store.ts';
import type { ResolvedMount } from './resolved.ts';

/**
 * The mounts of other containers, as `--volumes-from CONTAINER[:ro|rw]` asks for: their volumes, and what was bound into them.
 * @throws ERR_RCX_INVALID_MOUNT, ERR_RCX_CONTAINER_NOT_FOUND
 */
export function mountsFrom(engine: Engine, texts: readonly string[]): ResolvedMount[] {
  const found = new Map<string, ResolvedMount>();
  for (const text of texts) {
    const { container, readOnly } = parseVolumesFrom(text);
    const stored = engine.containers.find(container);
    for (const mount of ofContainer(stored, readOnly)) found.set(mount.point.destination, mount);
  }
  return [...found.values()];
}

/** @throws ERR_RCX_INVALID_MOUNT */
export function parseVolumesFrom(text: string): { container: string; readOnly: boolean } {
  const colon = text.indexOf(':');
  const [container, mode] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (container === '') throw invalid(text, 'name a container', 'write it as CONTAINER or CONTAINER:ro');
  if (!/^((ro|rw|z|Z)(,(ro|rw|z|Z))*)?$/.test(mode)) throw invalid(text, `invalid mode: ${mode}`, 'use ro or rw');
  return { container, readOnly: mode.split(',').includes('ro') };
}

function ofContainer({ config }: StoredContainer, readOnly: boolean): ResolvedMount[] {
  const { spec: own, rcx } = config.request;
  return (config.mounts ?? []).flatMap((point) => {
    // A tmpfs is a container's own, and the image of another is not its volume.
    if (point.type !== 'volume' && point.type !== 'bind') return [];
    const mount = own.mounts.findLast(({ destination }) => destination === point.destination);
    if (mount === undefined) return [];
    const extras = rcx.mounts?.[point.destination];
    const spec = { ...mount, options: mount.options.filter((option) => option !== 'idmap') };
    if (!readOnly || !point.rw) return [{ point, spec, ...(extras !== undefined && { extras }) }];
    const options = [...spec.options.filter((option) => option !== 'rw'), 'ro'];
    // All of it is, also what is mounted below.
    const flat = extras === undefined ? undefined : { ...extras, flat: false };
    return [
      { point: { ...point, rw: false }, spec: { ...spec, options }, ...(flat !== undefined && { extras: flat }) },
    ];
  });
}

function invalid(text: string, why: string, hint: string): RcxError {
  const path = plain(text);
  return new RcxError(`read --volumes-from: ${path}: ${why}`, {
    code: 'ERR_RCX_INVALID_MOUNT',
    step: 'read --volumes-from',
    path,
    hint,
  });
}
