import { readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { placeCgroup } from '../container/cgroupPath.ts';
import type { ContainerStore } from '../container/store.ts';
import type { Leftover, Problem } from '../store/check/findings.ts';
import { names } from '../store/listing.ts';
import { toRcxError } from '../store/nativeError.ts';
import { childrenOf, processesIn } from './cgroupProcesses.ts';
import { cgroupHierarchies } from './cgroups.ts';
import { mountTable } from './mountTable.ts';

/** A cgroup is made just before a process enters it: an empty one that is older than this is nobody's. */
const GRACE_MS = 10_000;
/** A container's, and one that limits were tried in. */
const CGROUP = /^([0-9a-f]{64}|trial-\d+-\d+)$/;

/** Cgroups of rcx whose container is not in this store. */
export interface StrayCgroups {
  /** Without a process, and no longer somebody's who is about to start one. */
  leftovers: Leftover[];
  /** With processes that have their root in this store. */
  problems: Problem[];
}

/**
 * Looks for cgroups below `/rcx` without a container. Cgroups are the machine's and stores are many, so one that has processes
 * is another store's unless they say otherwise.
 */
export function findStrayCgroups(containers: ContainerStore): StrayCgroups {
  const found: StrayCgroups = { leftovers: [], problems: [] };
  const known = new Set(containers.ids());
  const parent = placeCgroup('');
  if (parent === undefined) return found;
  for (const { path: mount } of cgroupHierarchies(mountTable())) {
    const ids = names(join(mount, parent)).filter((name) => CGROUP.test(name) && !known.has(name));
    for (const id of ids) judge(containers, found, id, join(mount, parent, id));
  }
  return found;
}

function judge(containers: ContainerStore, found: StrayCgroups, id: string, path: string): void {
  const pids = processesIn(path);
  if (pids.length === 0) {
    if (isOld(path)) found.leftovers.push({ kind: 'cgroup', message: `cgroup ${path}: it has no container`, path });
    return;
  }
  const isOurs = pids.some((pid) => mountsOf(pid).includes(`${containers.folder(id)}/`));
  if (!isOurs || found.problems.some((problem) => problem.kind === 'processes' && problem.id === id)) return;
  const message = `cgroup ${path}: it has ${pids.length} processes of a container that is not there any more`;
  const hint = 'kill them with: rcx system check --repair';
  found.problems.push({ kind: 'processes', message, path, hint, id });
}

/** Whether anything runs in a container's cgroups. */
export function hasProcesses(id: string): boolean {
  const cgroup = placeCgroup(id);
  return (
    cgroup !== undefined &&
    cgroupHierarchies(mountTable()).some(({ path }) => processesIn(join(path, cgroup)).length > 0)
  );
}

/** Removes cgroups without processes; the kernel keeps any that has got one. */
export function removeEmptyCgroup(path: string): boolean {
  try {
    for (const child of childrenOf(path)) removeEmptyCgroup(child);
    rmdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY') return false;
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}

function isOld(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > GRACE_MS;
}

function mountsOf(pid: string): string {
  return read(`/proc/${pid}/mountinfo`);
}

/** A file of something that may be gone by now. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
