import type { Engine as Core } from '../engine.ts';
import { type CreateVolumeOptions, createVolume } from '../volume/create.ts';
import { describeVolume, inspectVolume, type VolumeInspect } from '../volume/inspect.ts';
import { listVolumes } from '../volume/list.ts';
import { removeVolume } from '../volume/remove.ts';
import { Files } from './files.ts';

/** The volumes of an engine. */
export class Volumes {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Makes a volume; one that is there already is left as it is. */
  async create(options: CreateVolumeOptions = {}): Promise<VolumeInspect> {
    return describeVolume(await createVolume(this.#core, options));
  }

  /** @throws RcxError with ERR_RCX_VOLUME_NOT_FOUND */
  async inspect(name: string): Promise<VolumeInspect> {
    return inspectVolume(this.#core, name);
  }

  /** Its files, whether a container has it or not. */
  files(name: string): Files {
    return new Files(async () => this.#core, { volume: name });
  }

  /** @param filters as of `docker volume ls --filter`: `label=app`, `dangling=true` */
  async list(filters: readonly string[] = []): Promise<VolumeInspect[]> {
    return listVolumes(this.#core, filters).map(describeVolume);
  }

  /** @throws RcxError with ERR_RCX_VOLUME_IN_USE while a container has it */
  async remove(name: string, options: { force?: boolean } = {}): Promise<void> {
    await removeVolume(this.#core, name, options);
  }
}
