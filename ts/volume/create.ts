import type { Engine } from '../engine.ts';
import { randomHex } from '../store/random.ts';
import { checkDriver } from './driverOptions.ts';
import { checkVolumeName } from './name.ts';
import { ANONYMOUS, type Volume } from './record.ts';
import { VolumeStore } from './store.ts';

export interface CreateVolumeOptions {
  /** Made up when left out: such a volume is anonymous. */
  name?: string | undefined;
  /** `local`, the only one. */
  driver?: string | undefined;
  /** Of the driver: `type`, `device` and `o`, as for mount(8). */
  options?: Record<string, string> | undefined;
  labels?: Record<string, string> | undefined;
}

/**
 * Makes a volume; one that is there already is left as it is.
 * @throws ERR_RCX_INVALID_NAME, ERR_RCX_INVALID_OPTION, ERR_RCX_VOLUME_CONFLICT when it was made with other options, ERR_RCX_STORE
 */
export async function createVolume(engine: Engine, wanted: CreateVolumeOptions = {}): Promise<Volume> {
  const { name = '', driver, options = {}, labels = {} } = wanted;
  checkDriver(driver, options, name);
  const volumes = new VolumeStore(engine.paths);
  if (name !== '') return await volumes.ensure(checkVolumeName(name), { options, labels }, true);
  return await volumes.ensure(randomHex(32), { options, labels: { ...labels, [ANONYMOUS]: '' } }, true);
}
