import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { changeConfig, reloadRecord } from './change.ts';
import { thisMachine } from './cpuset.ts';
import { findContainer } from './heal.ts';
import { changeLimits, type LimitOptions } from './limits.ts';
import type { ContainerConfig, RestartPolicy } from './record.ts';
import { cgroupPath } from './spec/build.ts';
import type { SpecResources } from './spec/types.ts';

/** What is to be changed; what is left out stays as it is. */
export interface UpdateOptions extends LimitOptions {
  restart?: RestartPolicy | undefined;
}

/**
 * Changes a container's limits and its restart policy; of one that runs at once.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_INVALID_OPTION, and ERR_RCX_CGROUP when the kernel refuses: then all is as before
 */
export async function updateContainer(engine: Engine, text: string, options: UpdateOptions): Promise<void> {
  const stored = await findContainer(engine, text);
  const isRunning = stored.state.status === 'running';
  const machine = thisMachine();
  await changeConfig(stored, (old) => {
    const { config, resources } = changeLimits(withRestart(old, options.restart), options, machine);
    if (isRunning) apply(old, resources);
    return config;
  });
  reloadRecord(engine, stored);
}

function withRestart(config: ContainerConfig, restart: RestartPolicy | undefined): ContainerConfig {
  if (restart === undefined) return config;
  if (config.autoRemove && restart.name !== 'no') {
    throw new RcxError(`update the container: ${config.name}: it is removed at its end and cannot be restarted`, {
      code: 'ERR_RCX_INVALID_OPTION',
      step: 'update the container',
      path: config.name,
      hint: 'it was made with --rm',
    });
  }
  return { ...config, restart };
}

function apply({ id, request }: ContainerConfig, resources: SpecResources): void {
  const { devices: _, ...limits } = resources;
  if (Object.keys(limits).length === 0) return;
  const path = cgroupPath(id);
  try {
    native().updateCgroup(path, JSON.stringify(limits));
  } catch (error) {
    const { devices: _filter, ...old } = request.spec.linux.resources;
    try {
      // Some of it may be done.
      native().updateCgroup(path, JSON.stringify(old));
    } catch {
      // What was refused first is what the caller has to hear.
    }
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}
