import { totalmem } from 'node:os';
import { join } from 'node:path';
import { threadsIn } from '../system/cgroupProcesses.ts';
import type { CgroupHierarchy } from '../system/cgroups.ts';
import { containerCgroups, containerPids } from './cgroup.ts';
import type { RunningContainer } from './find.ts';
import { readHostFile } from './hostFile.ts';
import {
  field,
  limitOf,
  parseBlockIo,
  parseNetwork,
  parseProcessIo,
  processSeconds,
  type Transfer,
  workingSet,
} from './usageFiles.ts';

/** What a container has used up to a moment, and what it uses in it. */
export interface UsageSample {
  /** Nanoseconds of a clock that never goes back. */
  at: bigint;
  /** Nanoseconds of processor time. */
  cpu: number;
  /** Bytes, without what the kernel can drop at once: unused copies of files. */
  memory: number;
  memoryLimit: number;
  /** Of the container's network devices but the loopback. */
  network: Transfer;
  /** Of disks. */
  block: Transfer;
  /** Processes and threads. */
  pids: number;
}

const NOTHING: Transfer = { in: 0, out: 0 };

/**
 * Counts what a container uses. A limit needs a cgroup of its controller, and counts come with it; where a container on cgroup v1
 * has no such limit, its processes are asked one by one: then what ended ones have read and written is not in it.
 */
export function sampleUsage(container: RunningContainer, hierarchies: readonly CgroupHierarchy[]): UsageSample {
  const { config, process: init } = container;
  const cgroups = containerCgroups(config, hierarchies);
  const network = config.network === 'host' ? NOTHING : parseNetwork(readHostFile(`/proc/${init.pid}/net/dev`) ?? '');
  return { ...cgroupUsage(cgroups, () => containerPids(container, cgroups)), network };
}

/**
 * Counts what is used in the cgroups of one container.
 * @param processes asked where a cgroup that counts is missing
 */
export function cgroupUsage(
  cgroups: readonly CgroupHierarchy[],
  processes: () => number[] = () => [],
): Omit<UsageSample, 'network'> {
  const reader = new Reader(cgroups, processes);
  return {
    at: process.hrtime.bigint(),
    cpu: reader.cpu(),
    ...reader.memory(),
    block: reader.block(),
    pids: reader.threads(),
  };
}

/**
 * Share of one processor between two samples, in percent: 200 for two that are busy.
 */
export function cpuPercent(before: Pick<UsageSample, 'at' | 'cpu'>, after: Pick<UsageSample, 'at' | 'cpu'>): number {
  const elapsed = Number(after.at - before.at);
  // Where processes are asked one by one, those that have ended take theirs with them.
  return elapsed > 0 ? Math.max(0, ((after.cpu - before.cpu) / elapsed) * 100) : 0;
}

/** Reads the files of a container's cgroups, of whichever version has them. */
class Reader {
  readonly #cgroups: readonly CgroupHierarchy[];
  readonly #find: () => number[];
  #pids: number[] | undefined;

  constructor(cgroups: readonly CgroupHierarchy[], find: () => number[]) {
    [this.#cgroups, this.#find] = [cgroups, find];
  }

  get #processes(): number[] {
    this.#pids ??= this.#find();
    return this.#pids;
  }

  /** The first of some files that is there. */
  #file(version: 1 | 2, ...names: string[]): string | undefined {
    for (const { path } of this.#cgroups.filter((cgroup) => cgroup.version === version)) {
      for (const name of names) {
        const text = readHostFile(join(path, name));
        if (text !== undefined) return text;
      }
    }
    return undefined;
  }

  cpu(): number {
    // Of v2 every cgroup has it, with the controller or without.
    const micros = field(this.#file(2, 'cpu.stat') ?? '', 'usage_usec');
    if (micros !== undefined) return micros * 1000;
    const nanos = this.#file(1, 'cpuacct.usage');
    if (nanos !== undefined) return Number(nanos);
    return this.#sum((pid) => processSeconds(readHostFile(`/proc/${pid}/stat`) ?? '') * 1e9);
  }

  memory(): Pick<UsageSample, 'memory' | 'memoryLimit'> {
    const most = totalmem();
    const current = this.#file(2, 'memory.current');
    if (current !== undefined) {
      const memory = workingSet(Number(current), field(this.#file(2, 'memory.stat') ?? '', 'inactive_file'));
      return { memory, memoryLimit: limitOf(this.#file(2, 'memory.max'), most) };
    }
    const usage = this.#file(1, 'memory.usage_in_bytes');
    if (usage !== undefined) {
      const memory = workingSet(Number(usage), field(this.#file(1, 'memory.stat') ?? '', 'total_inactive_file'));
      return { memory, memoryLimit: limitOf(this.#file(1, 'memory.limit_in_bytes'), most) };
    }
    const memory = this.#sum((pid) => (field(readHostFile(`/proc/${pid}/smaps_rollup`) ?? '', 'Pss:') ?? 0) * 1024);
    return { memory, memoryLimit: most };
  }

  block(): Transfer {
    const text =
      this.#file(2, 'io.stat') ??
      this.#file(1, 'blkio.throttle.io_service_bytes_recursive', 'blkio.io_service_bytes_recursive');
    if (text !== undefined) return parseBlockIo(text);
    const all = this.#processes.map((pid) => parseProcessIo(readHostFile(`/proc/${pid}/io`) ?? ''));
    return all.reduce((sum, each) => ({ in: sum.in + each.in, out: sum.out + each.out }), NOTHING);
  }

  threads(): number {
    const current = this.#file(2, 'pids.current') ?? this.#file(1, 'pids.current');
    if (current !== undefined) return Number(current);
    if (this.#cgroups.length > 0) return new Set(this.#cgroups.flatMap(({ path }) => threadsIn(path))).size;
    return this.#sum((pid) => Number(/^Threads:\s+(\d+)$/m.exec(readHostFile(`/proc/${pid}/status`) ?? '')?.[1] ?? 0));
  }

  #sum(count: (pid: number) => number): number {
    return this.#processes.reduce((sum, pid) => sum + count(pid), 0);
  }
}
