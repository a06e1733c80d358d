import type { Engine } from '../engine.ts';
import { runPs } from '../system/hostPs.ts';
import { type ProcessTable, processTable } from '../system/processTable.ts';
import { containerCgroups, containerPids } from './cgroup.ts';
import { cgroupOf } from './cgroupPath.ts';
import { requireRunning } from './find.ts';
import { findContainer } from './heal.ts';

/**
 * The processes of a container, as the host sees them.
 * @param text name, id, or prefix of an id
 * @param options of the host's `ps`; without any the columns are those of `ps -ef`, and no `ps` is needed
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_PS
 */
export async function topContainer(
  engine: Engine,
  text: string,
  options: readonly string[] = [],
): Promise<ProcessTable> {
  const container = requireRunning(await findContainer(engine, text), "list the container's processes");
  // Only root of the user's namespace may see which processes are in it.
  if (cgroupOf(container.config) === undefined) await engine.enter();
  const pids = containerPids(container, containerCgroups(container.config));
  return options.length === 0 ? processTable(pids) : await runPs(pids, options);
}
