import type { Engine } from '../engine.ts';
import { checkOptions } from './checkOptions.ts';
import type { Joins } from './joins.ts';
import { checkName } from './names.ts';
import { otherContainer } from './namespaceModes.ts';
import type { ContainerOptions, NetworkMode } from './options.ts';
import type { StoredContainer } from './store.ts';

/**
 * Makes sure that what is asked for can be, before anything of the container is made. What is rarely asked for is loaded only then.
 * @param now the container is going to be started at once
 * @throws ERR_RCX_INVALID_NAME, ERR_RCX_INVALID_OPTION, ERR_RCX_SYSCTL, ERR_RCX_DEVICE, ERR_RCX_RLIMIT, ERR_RCX_OOM_SCORE,
 *   ERR_RCX_UNSUPPORTED, and as {@link findJoins}
 */
export async function requirementsOf(engine: Engine, wanted: ContainerOptions, now: boolean): Promise<Joins> {
  if (wanted.name !== undefined) checkName(wanted.name);
  const options = { ...wanted, network: isDefault(wanted.network) ? defaultMode(engine) : wanted.network };
  checkOptions(options);
  const { network, ipc, pid, devices, rlimits, oomScoreAdj } = options;
  if (devices !== undefined) (await import('./hostDevices.ts')).requireDevices(devices);
  if (rlimits !== undefined || oomScoreAdj !== undefined) (await import('./hostLimits.ts')).requireLimits(options);
  if ([network, ipc, pid].every((mode) => otherContainer(mode) === undefined)) return { options, join: [] };
  return await (await import('./joins.ts')).findJoins(engine, options, now);
}

/** Docker's word for what is the default. */
function isDefault(network: NetworkMode | undefined): network is undefined {
  return network === undefined || network === 'default';
}

function defaultMode(engine: Engine): NetworkMode {
  return engine.settings().defaultNetwork ?? 'bridge';
}

/** Makes a container, whose id is written into a file where that was asked for. @throws ERR_RCX_CID_FILE */
export async function named(
  { cidFile }: ContainerOptions,
  make: () => Promise<StoredContainer>,
): Promise<StoredContainer> {
  if (cidFile === undefined) return await make();
  const { withCidFile } = await import('./cidFile.ts');
  return await withCidFile(cidFile, make, ({ config }) => config.id);
}
