import type { Engine } from '../../engine.ts';
import { withContentLock } from '../../store/lock.ts';
import type { CheckReport } from '../check.ts';
import { repairContainers } from './containers.ts';
import { repairImages } from './images.ts';
import { repairLayout } from './layout.ts';
import { repairLeftovers } from './leftovers.ts';
import type { Repair, Tell } from './report.ts';
import { repairVolumes } from './volumes.ts';

export interface RepairOptions {
  signal?: AbortSignal | undefined;
  /** Called once if a pull or the making of a container has to be waited for. */
  onWait?: (() => void) | undefined;
  /** Called with each step when it is done. */
  onRepair?: ((repair: Repair) => void) | undefined;
}

/**
 * Mends what a check found, as far as it can be: nothing that a container wrote is removed, and no layer is touched that one has
 * as its root. Pulls, removals and the making of containers wait meanwhile.
 * @returns each step; a check tells what is still wrong
 * @throws ERR_RCX_STORE, ERR_RCX_REMOVE, ERR_RCX_CGROUP, and the signal's reason
 */
export async function repairStore(
  engine: Engine,
  { problems, leftovers }: CheckReport,
  options: RepairOptions = {},
): Promise<Repair[]> {
  const { onWait, onRepair } = options;
  const signal = options.signal ?? new AbortController().signal;
  const repairs: Repair[] = [];
  const tell: Tell = (result, message) => {
    repairs.push({ result, message });
    onRepair?.({ result, message });
  };
  const repair = async () => {
    await repairLayout(engine.paths, problems, tell);
    await repairImages({ engine, problems, signal, tell });
    repairContainers(engine, problems, tell);
    await repairVolumes(engine, problems, tell);
    await repairLeftovers(engine, leftovers, tell);
  };
  await withContentLock(engine.paths, repair, { signal, ...(onWait && { onWait }) });
  return repairs;
}
