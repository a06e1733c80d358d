import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { listContainers } from '../container/heal.ts';
import type { Engine } from '../engine.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { cgroupHierarchies } from '../system/cgroups.ts';
import { mountTable } from '../system/mountTable.ts';
import { cgroupFindings } from './checks/cgroups.ts';
import { confinementFindings } from './checks/confinement.ts';
import { kernelFindings, limitFindings } from './checks/kernel.ts';
import { networkFindings } from './checks/network.ts';
import { rootFindings } from './checks/rootFilesystem.ts';
import { softwareFindings } from './checks/software.ts';
import { trialFinding } from './checks/trial.ts';
import { type Finding, missing, ok } from './finding.ts';
import { Host } from './host.ts';

/**
 * Looks at everything that rcx uses of this machine, and runs a container. Nothing is changed.
 * @throws ERR_RCX_STORE and others where not even the store can be read
 */
export async function examine(engine: Engine, env: NodeJS.ProcessEnv = process.env): Promise<Finding[]> {
  const host = new Host();
  const mounts = mountTable();
  const containers = await listContainers(engine);
  const restarting = containers
    .filter(({ config }) => config.restart.name === 'always' || config.restart.name === 'unless-stopped')
    .map(({ config }) => config.name);
  return [
    privilege(process.geteuid?.() ?? 0),
    ...kernelFindings(release(), native().kernelFeatures()),
    ...rootFindings(host, engine.paths.root, mounts),
    ...cgroupFindings(host, cgroupHierarchies(mounts)),
    ...confinementFindings(host),
    ...networkFindings(host, networkTrial),
    ...limitFindings(host, openFiles()),
    ...softwareFindings({ env, nodeVersion: process.version, restarting }),
    await trialFinding(engine),
  ];
}

function privilege(uid: number): Finding {
  if (uid === 0) return ok('privilege', 'root');
  return missing('privilege', `user ${uid}`, 'containers need root; images do not', 'run it as root: sudo rcx doctor');
}

function networkTrial(): string | undefined {
  try {
    native().tryNetwork();
    return undefined;
  } catch (error) {
    return toRcxError(error, 'ERR_RCX_NETWORK').message;
  }
}

/** The soft limit of this process, proc_pid_limits(5). */
function openFiles(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
