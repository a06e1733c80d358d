import { join } from 'node:path';
import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { measure } from '../store/diskSpace.ts';
import { collectWreckage } from '../store/temporary.ts';
import type { FilterValues } from './filters.ts';
import { heal } from './heal.ts';
import { type Candidate, testOf } from './select.ts';
import { isUp, statusOf } from './status.ts';
import type { StoredContainer } from './store.ts';

/** Which containers are wanted, and what of them. */
export interface ListOptions {
  /** Those that do not run, too. */
  all?: boolean | undefined;
  /** The newest so many, whether they run or not. */
  last?: number | undefined;
  filters?: FilterValues | undefined;
  /** Count what they take. */
  sizes?: boolean | undefined;
}

/** What a container takes, in bytes of file content. */
export interface ContainerSize {
  /** Its read-write layer. */
  rw: number;
  /** That, and its image. */
  rootFs: number;
}

/** A container of a list. */
export interface ContainerRow extends Candidate {
  sizes?: ContainerSize;
}

export interface ContainerList {
  /** Newest first. */
  rows: ContainerRow[];
  /** Ids of those whose record cannot be read; only among all. */
  damaged: string[];
}

/**
 * The containers that are asked for, as they are: what is found is checked against the processes there are.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND for one that a filter names
 */
export async function selectContainers(engine: Engine, options: ListOptions = {}): Promise<ContainerList> {
  const { last = 0, filters = new Map(), sizes = false } = options;
  if (sizes) await engine.enter();
  // What a killed process had not finished making is nobody's container.
  await collectWreckage(engine.paths.containers);
  const all = options.all === true || last > 0 || filters.has('status');
  const test = await testOf(engine, filters);
  // What has ended has no need to be healed, and where it is not asked for none to be read any further.
  const { found, damaged } = engine.containers.scan(({ status }) => all || status !== 'exited');
  const rows = (await Promise.all(found.map((stored) => healed(engine, stored)))).flat();
  const wanted = rows.filter((row) => (all || isUp(row.status)) && test(row));
  const shown = last > 0 ? wanted.slice(0, last) : wanted;
  if (sizes)
    await Promise.all(shown.map(async (row) => Object.assign(row, { sizes: await containerSize(engine, row) })));
  return { rows: shown, damaged: options.all === true && last <= 0 && filters.size === 0 ? damaged : [] };
}

/** Nothing for one that is gone by now. */
async function healed(engine: Engine, stored: StoredContainer): Promise<ContainerRow[]> {
  const current = await heal(engine, stored);
  return current === undefined ? [] : [{ ...current, status: statusOf(current) }];
}

/** Counts what a container takes. A bare root filesystem is the user's own and not counted. @throws ERR_RCX_MEASURE */
export async function containerSize(
  { layers }: Pick<Engine, 'layers'>,
  stored: StoredContainer,
): Promise<ContainerSize> {
  const { config, folder } = stored;
  if (config.request.rcx.overlay === undefined) return { rw: 0, rootFs: 0 };
  const { bytes } = await measure(join(folder, 'upper'));
  const below = config.diffIds.map((diffId) => {
    try {
      return layers.info(diffId).size;
    } catch (error) {
      // Damaged: whoever starts the container hears of it.
      if (isRcxError(error)) return 0;
      throw error;
    }
  });
  return { rw: bytes, rootFs: below.reduce((sum, size) => sum + size, bytes) };
}
