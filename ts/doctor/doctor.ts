import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { cgroupBase } from '../container/cgroupPath.ts';
import { listContainers } from '../container/heal.ts';
import type { Engine } from '../engine.ts';
import { native, runtimePath } from '../native/index.ts';
import { hasSingleId, isOutside, ordinaryUser } from '../rootless/caller.ts';
import { ownSources } from '../rootless/ids.ts';
import { toRcxError } from '../store/nativeError.ts';
import { cgroupHierarchies, readControllers } from '../system/cgroups.ts';
import { mountTable } from '../system/mountTable.ts';
import { cgroupFindings, noCgroups } from './checks/cgroups.ts';
import { confinementFindings } from './checks/confinement.ts';
import { kernelFindings, kernelVersion, limitFindings } from './checks/kernel.ts';
import { networkFindings } from './checks/network.ts';
import { rootFindings } from './checks/rootFilesystem.ts';
import { softwareFindings } from './checks/software.ts';
import { trialFinding } from './checks/trial.ts';
import { noNamespace, outerNetworkFindings, userFindings } from './checks/user.ts';
import { type Finding, ok } from './finding.ts';
import { Host } from './host.ts';

/** Carries what was found outside of a user's namespace along into it. */
const OUTSIDE = 'RCX_DOCTOR_OUTSIDE';

/**
 * Looks at everything that rcx uses of this machine, and runs a container. Nothing is changed, but for the namespace of an ordinary
 * user, in which it goes on.
 * @throws ERR_RCX_STORE and others where not even the store can be read
 */
export async function examine(engine: Engine, env: NodeJS.ProcessEnv = process.env): Promise<Finding[]> {
  const host = new Host();
  const user = ordinaryUser(env);
  if (isOutside()) return await withoutNamespace(engine, host);
  const software = await softwareOf(engine, env);
  return [
    ...(user === undefined ? [ok('privilege', 'root')] : userFindings(factsOf(user))),
    ...kernelFindings(release(), native().kernelFeatures()),
    ...rootFindings(host, engine.paths.root, mountTable()),
    ...cgroups(host, user),
    ...confinementFindings(host),
    ...networkFindings(host, networkTrial),
    ...(JSON.parse(env[OUTSIDE] ?? '[]') as Finding[]),
    ...limitFindings(host, { openFiles: openFiles(), isRoot: user === undefined }),
    ...software,
    await trialFinding(engine),
  ];
}

/** Goes on in the namespace of an ordinary user; comes back with why it cannot. */
async function withoutNamespace(engine: Engine, host: Host): Promise<Finding[]> {
  const outer = outerNetworkFindings(host, process.getegid?.() ?? 0);
  process.env[OUTSIDE] = JSON.stringify(outer);
  try {
    await engine.enter();
    return [];
  } catch (error) {
    const uid = process.geteuid?.() ?? 0;
    return [
      noNamespace(host, uid, toRcxError(error, 'ERR_RCX_ROOTLESS'), runtimePath()),
      kernelVersion(release()),
      ...rootFindings(host, engine.paths.root, mountTable()),
      ...cgroups(host, uid),
      ...confinementFindings(host),
      ...outer,
      ...limitFindings(host, { openFiles: openFiles(), isRoot: false }),
      ...(await softwareOf(engine, process.env)),
    ];
  }
}

function factsOf(uid: number) {
  const { program } = ownSources();
  const hasHelpers = ['newuidmap', 'newgidmap'].every((name) => program(name) !== undefined);
  return { uid, isSingleId: hasSingleId(), hasHelpers };
}

/** Root has all that are mounted; an ordinary user what was delegated to him, which only version 2 can do. */
function cgroups(host: Host, user: number | undefined): Finding[] {
  const mounts = mountTable();
  if (user === undefined) return cgroupFindings(host, cgroupHierarchies(mounts));
  const base = cgroupBase();
  if (base === '') return [noCgroups(user)];
  const all = cgroupHierarchies(mounts, (path) => readControllers(join(path, base)));
  const own = all.filter(({ version }) => version === 2);
  return cgroupFindings(host, own, true);
}

async function softwareOf(engine: Engine, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const containers = await listContainers(engine);
  const restarting = containers
    .filter(({ config }) => config.restart.name === 'always' || config.restart.name === 'unless-stopped')
    .map(({ config }) => config.name);
  return softwareFindings({ env, nodeVersion: process.version, restarting });
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
