import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { type CgroupHierarchy, cgroupHierarchies } from '../system/cgroups.ts';
import { mountTable } from '../system/mountTable.ts';
import { requireRunning } from './find.ts';
import { findContainer } from './heal.ts';
import { selectContainers } from './list.ts';
import type { ContainerConfig } from './record.ts';
import type { StoredContainer } from './store.ts';
import { cpuPercent, sampleUsage, type UsageSample } from './usage.ts';
import type { Transfer } from './usageFiles.ts';

export interface StatsOptions {
  /** Names, ids, or prefixes of ids; all that run when left out. */
  containers?: readonly string[] | undefined;
  /** Those that do not run, too. */
  all?: boolean | undefined;
  /** Milliseconds between two looks. */
  interval?: number | undefined;
}

/** What a container uses. Of one that does not run everything is 0. */
export interface ContainerStats {
  config: ContainerConfig;
  /** As it was asked for: its name or id. */
  asked: string;
  /** Of one processor: 200 for two that are busy. */
  cpuPercent: number;
  /** Bytes. */
  memory: number;
  memoryLimit: number;
  memoryPercent: number;
  network: Transfer;
  block: Transfer;
  pids: number;
}

const INTERVAL_MS = 1000;

/**
 * Looks again and again at what containers use, until all that were asked for by name are removed. The first result comes after
 * the first interval: a share of time needs two looks.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND
 */
export async function* watchStats(engine: Engine, options: StatsOptions = {}): AsyncGenerator<ContainerStats[]> {
  // Files of /proc about a process of subordinate ids are closed to its user.
  await engine.enter();
  const { interval = INTERVAL_MS } = options;
  const names = options.containers ?? [];
  const hierarchies = cgroupHierarchies(mountTable());
  let wanted = await Promise.all(names.map(async (asked) => ({ asked, stored: await findContainer(engine, asked) })));
  let before = new Samples();
  for (let isFirst = true; ; isFirst = false) {
    if (names.length === 0) {
      const { rows } = await selectContainers(engine, { all: options.all });
      wanted = rows.map((stored) => ({ asked: stored.config.id.slice(0, 12), stored }));
    } else if (!isFirst) {
      wanted = (await Promise.all(wanted.map((each) => again(engine, each)))).flat();
      if (wanted.length === 0) return;
    }
    const samples = new Samples();
    const stats = wanted.map(({ asked, stored }) => ({
      config: stored.config,
      asked,
      ...statsOf(before.of(stored), samples.take(stored, hierarchies)),
    }));
    before = samples;
    if (!isFirst) yield stats;
    await sleep(interval);
  }
}

interface Wanted {
  asked: string;
  stored: StoredContainer;
}

/** A container as it is now; nothing for one that was removed. */
async function again(engine: Engine, { asked, stored }: Wanted): Promise<Wanted[]> {
  try {
    return [{ asked, stored: await findContainer(engine, stored.config.id) }];
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND') || isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return [];
    throw error;
  }
}

/** Of one run of each container: after a restart counting begins anew. */
class Samples {
  readonly #byRun = new Map<string, UsageSample>();

  of(stored: StoredContainer): UsageSample | undefined {
    return this.#byRun.get(runOf(stored));
  }

  take(stored: StoredContainer, hierarchies: readonly CgroupHierarchy[]): UsageSample | undefined {
    if (stored.state.status !== 'running') return undefined;
    const sample = sampleUsage(requireRunning(stored, 'look at what the container uses'), hierarchies);
    this.#byRun.set(runOf(stored), sample);
    return sample;
  }
}

function runOf({ config, state }: StoredContainer): string {
  return `${config.id} ${state.process?.pid} ${state.process?.startTime}`;
}

function statsOf(
  before: UsageSample | undefined,
  after: UsageSample | undefined,
): Omit<ContainerStats, 'config' | 'asked'> {
  if (after === undefined) {
    const nothing = { in: 0, out: 0 };
    const none = { cpuPercent: 0, memory: 0, memoryLimit: 0, memoryPercent: 0, pids: 0 };
    return { ...none, network: nothing, block: nothing };
  }
  const { memory, memoryLimit, network, block, pids } = after;
  return {
    cpuPercent: before === undefined ? 0 : cpuPercent(before, after),
    ...{ memory, memoryLimit, network, block, pids },
    memoryPercent: memoryLimit === 0 ? 0 : (memory / memoryLimit) * 100,
  };
}
