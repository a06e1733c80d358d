import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { cgroupOf } from './cgroupPath.ts';
import { changeConfig, reloadRecord } from './change.ts';
import { findContainer } from './heal.ts';
import { changeLimits, type Limits } from './limits/change.ts';
import { checkLimits, inWordsOfFlags } from './limits/check.ts';
import { thisMachine } from './limits/cpuset.ts';
import type { LimitOptions } from './limits/options.ts';
import type { ContainerConfig, RestartPolicy } from './record.ts';
import type { LaunchRequest, SpecResources } from './spec/types.ts';

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
    const config = withRestart(old, options.restart);
    const { devices, ...before } = old.request.spec.linux.resources;
    const { limits, changed, notes } = changeLimits(before, old, options, machine);
    checkLimits(cgroupOf(old), changed, options);
    if (isRunning) apply(cgroupOf(old), before, changed);
    return { ...config, ...notes, request: withResources(old.request, { devices, ...limits }) };
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

function withResources({ spec, rcx }: LaunchRequest, resources: SpecResources): LaunchRequest {
  return { spec: { ...spec, linux: { ...spec.linux, resources } }, rcx };
}

/** Tells the kernel; where it refuses, all is as before. */
function apply(cgroup: string | undefined, before: Limits, changed: Limits): void {
  if (cgroup === undefined || Object.keys(changed).length === 0) return;
  try {
    native().updateCgroup(cgroup, JSON.stringify(changed));
  } catch (error) {
    try {
      // Some of it may be done.
      native().updateCgroup(cgroup, JSON.stringify(before));
    } catch {
      // What was refused first is what the caller has to hear.
    }
    throw inWordsOfFlags(toRcxError(error, 'ERR_RCX_CGROUP'));
  }
}
