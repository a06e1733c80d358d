import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { findContainer } from './heal.ts';
import { otherContainer } from './namespaceModes.ts';
import type { ContainerOptions } from './options.ts';
import type { Join } from './spec/types.ts';
import type { StoredContainer } from './store.ts';

/** What a container shares with others. */
export interface Joins {
  /** The options, with full ids for the others: names may be somebody else's later. */
  options: ContainerOptions;
  /** For the core, which finds their processes anew at each launch. */
  join: Join[];
  /** Whose network it is in. */
  network?: StoredContainer;
}

const KINDS = ['network', 'ipc', 'pid'] as const;

/**
 * Finds the containers whose namespaces a container is to share.
 * @param now they have to run already
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_IPC_NOT_SHAREABLE
 */
export async function findJoins(engine: Engine, options: ContainerOptions, now: boolean): Promise<Joins> {
  const found = new Map<string, Join>();
  const joins: Joins = { options: { ...options }, join: [] };
  for (const kind of KINDS) {
    const name = otherContainer(options[kind]);
    if (name === undefined) continue;
    const other = await findContainer(engine, name);
    const { id, name: otherName } = other.config;
    if (now) requireRunning(other, kind);
    if (kind === 'ipc') requireShareable(other);
    if (kind === 'network') joins.network = other;
    joins.options[kind] = `container:${id}`;
    const join = found.get(id) ?? { name: otherName, folder: other.folder, namespaces: [] };
    found.set(id, { ...join, namespaces: [...join.namespaces, kind] });
  }
  joins.join = [...found.values()];
  return joins;
}

function requireRunning({ config, state }: StoredContainer, kind: (typeof KINDS)[number]): void {
  if (state.status === 'running') return;
  throw new RcxError(`join the ${kind} namespace of a container: ${config.name}: it is not running`, {
    code: 'ERR_RCX_CONTAINER_NOT_RUNNING',
    step: `join the ${kind} namespace of a container`,
    path: config.name,
    hint: `start it with: rcx start ${config.name}`,
  });
}

/** Its owner has to have agreed: what is in shared memory is nobody else's business. */
function requireShareable({ config }: StoredContainer): void {
  const mode = config.settings?.ipc ?? 'private';
  if (mode !== 'private' && mode !== 'none') return;
  throw new RcxError(`join the ipc namespace of a container: ${config.name}: its IPC is not shareable`, {
    code: 'ERR_RCX_IPC_NOT_SHAREABLE',
    step: 'join the ipc namespace of a container',
    path: config.name,
    hint: 'make that container with --ipc shareable',
  });
}
