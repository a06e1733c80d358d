import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isRcxError } from '../errors.ts';
import { layersOf } from '../image/inUse.ts';
import type { Digest } from '../oci/digest.ts';
import { type Problem, REPAIR } from '../store/check/findings.ts';
import { type ContainerConfig, readConfig, readState } from './record.ts';
import type { ContainerStore } from './store.ts';

export interface ContainerCheck {
  count: number;
  problems: Problem[];
  /** Containers by name, for every layer that they need. */
  layers: Map<Digest, string[]>;
}

/** Checks that records can be read, that names lead to their containers, and that nothing of their own is missing. */
export function checkContainers(containers: ContainerStore): ContainerCheck {
  const check: ContainerCheck = { count: 0, problems: [], layers: new Map() };
  for (const id of containers.ids()) {
    const found = checkContainer(containers, check, id);
    // Removed in this moment: what was found of it was on its way out.
    if (!existsSync(containers.folder(id))) continue;
    check.count++;
    check.problems.push(...found);
  }
  return check;
}

function checkContainer(containers: ContainerStore, check: ContainerCheck, id: string): Problem[] {
  const folder = containers.folder(id);
  const config = attempt(() => readConfig(folder));
  const state = attempt(() => readState(folder));
  const problems: Problem[] = [];
  if ('damage' in config) return [recordProblem(id, join(folder, 'config.json'), 'config', config.damage)];
  if (config.value.id !== id) {
    return [recordProblem(id, join(folder, 'config.json'), 'config', `it is that of ${config.value.id}`)];
  }
  if ('damage' in state) problems.push(recordProblem(id, join(folder, 'state.json'), 'state', state.damage));
  const { name } = config.value;
  for (const diffId of layersOf(config.value)) check.layers.set(diffId, [...(check.layers.get(diffId) ?? []), name]);
  return [...problems, ...folderProblems(folder, config.value), ...nameProblems(containers, config.value)];
}

function folderProblems(folder: string, { id, name, request }: ContainerConfig): Problem[] {
  const { overlay } = request.rcx;
  const own = overlay === undefined ? [] : [overlay.upper, overlay.work, ...overlay.lower.slice(0, 1)];
  const wanted = [...own, request.rcx.mountpoint].filter((path) => path.startsWith(`${folder}/`));
  const missing = wanted.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true);
  return missing.map((path) => ({
    kind: 'container',
    message: `container ${name}: ${path}: it is missing`,
    path,
    hint: `remove the container with: rcx rm -f ${id.slice(0, 12)}`,
    id,
    part: 'folder',
  }));
}

function nameProblems(containers: ContainerStore, { id, name }: ContainerConfig): Problem[] {
  if (containers.isNamed({ id, name })) return [];
  const path = join(containers.folder('.names'), name);
  const message = `container ${id.slice(0, 12)}: ${path}: its name does not lead to it`;
  return [{ kind: 'name', message, path, hint: REPAIR, id, name }];
}

function recordProblem(id: string, path: string, part: 'config' | 'state', why: string): Problem {
  const short = id.slice(0, 12);
  const hint =
    part === 'state'
      ? REPAIR
      : `save what you need of ${join(path, '../upper')}, then remove it with: rcx rm -f ${short}`;
  return {
    kind: 'container',
    message: `container ${short}: ${path}: its record is damaged: ${why}`,
    path,
    hint,
    id,
    part,
  };
}

/** What is read, or what is wrong with it. */
function attempt<T>(read: () => T): { value: T } | { damage: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) throw error;
    return { damage: error.cause instanceof Error ? error.cause.message : error.message };
  }
}
