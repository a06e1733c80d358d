import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../engine.ts';
import { makeInheritedLayer } from '../initLayer.ts';
import type { ContainerOptions } from '../options.ts';
import type { ContainerConfig } from '../record.ts';
import { withUserMounts } from '../spec/mounts.ts';
import type { SpecMount } from '../spec/types.ts';
import { abandonMounts, releaseMounts, resolveMounts } from './resolve.ts';
import type { Relabel, ResolvedMount, ResolvedMounts } from './resolved.ts';

/** What is in a volume belongs to the ids of the container itself, whatever they are on the host. */
function inNamespace({ point, spec }: ResolvedMount): SpecMount {
  if (point.type !== 'volume' || spec.type !== 'bind') return spec;
  return { ...spec, options: [...spec.options.filter((option) => option !== 'idmap'), 'idmap'] };
}

/** The mounts of a container that is being made. */
export class ContainerMounts {
  readonly #engine: Engine;
  readonly #resolved: ResolvedMounts;

  private constructor(engine: Engine, resolved: ResolvedMounts) {
    this.#engine = engine;
    this.#resolved = resolved;
  }

  /**
   * Finds or makes what is to be mounted, and writes it into a container's record.
   * @throws as {@link resolveMounts}
   */
  static async add(engine: Engine, record: ContainerConfig, options: ContainerOptions): Promise<ContainerMounts> {
    const folder = engine.containers.folder(record.id);
    const resolved = await resolveMounts(engine, {
      ...{ folder, options, execution: record.execution },
      hasUserNamespace: record.userns !== undefined,
    });
    const { mounts, asked, images } = resolved;
    const extras = mounts.flatMap(({ spec, extras: own }) => (own ? [[spec.destination, own] as const] : []));
    const { spec, rcx } = record.request;
    const wanted = mounts.map((mount) => (record.userns === undefined ? mount.spec : inNamespace(mount)));
    spec.mounts = withUserMounts(spec.mounts, wanted);
    if (extras.length > 0) rcx.mounts = Object.fromEntries(extras);
    record.mounts = mounts.map(({ point }) => point);
    record.asked = asked;
    if (images.length > 0) record.mountedImages = images;
    return new ContainerMounts(engine, resolved);
  }

  /** What is to have a label of SELinux that lets the container use it. */
  get relabels(): readonly Relabel[] {
    return this.#resolved.relabels;
  }

  /**
   * Makes what the mounts need in the container's folder, and fills volumes.
   * @param folder the one that becomes the container's
   * @param layers of its image, topmost first
   * @throws as `fillVolumes`
   */
  async fill(folder: string, layers: readonly string[]): Promise<void> {
    const { directories, fills } = this.#resolved;
    for (const { path, root } of directories) {
      mkdirSync(join(folder, path));
      if (root !== undefined) makeInheritedLayer(join(folder, path), root);
    }
    if (fills.length === 0) return;
    const { fillVolumes } = await import('./fill.ts');
    await fillVolumes(this.#engine, this.#resolved, { folder, layers: [join(folder, 'init'), ...layers] });
  }

  /** The container's record says what it has. */
  release(): void {
    releaseMounts(this.#resolved);
  }

  /** There will be no container. @throws ERR_RCX_REMOVE */
  async abandon(): Promise<void> {
    await abandonMounts(this.#engine, this.#resolved);
  }
}
