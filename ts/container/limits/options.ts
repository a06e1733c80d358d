/** Limits by the flags of Docker's `run` and `update`; what is left out stays as it is. 0 is no limit where not said otherwise. */
export interface LimitOptions {
  /** Bytes. */
  memory?: number | undefined;
  /** Bytes of memory and swap together; -1 for no limit. Twice the memory when left out, as in Docker. */
  memorySwap?: number | undefined;
  /** Bytes that are left to it when others want some. */
  memoryReservation?: number | undefined;
  /** Processors' worth of time: 1.5 is one and a half. */
  cpus?: number | undefined;
  /** Weight against others when all are busy: 2 to 262144. */
  cpuShares?: number | undefined;
  /** Microseconds of each period; -1 for no limit. */
  cpuQuota?: number | undefined;
  /** Microseconds. */
  cpuPeriod?: number | undefined;
  /** Microseconds of each period for real-time processes; cgroup v1 only. */
  cpuRtRuntime?: number | undefined;
  cpuRtPeriod?: number | undefined;
  /** As `0-2,7`. */
  cpusetCpus?: string | undefined;
  cpusetMems?: string | undefined;
  /** Most processes and threads at a time; -1 for no limit. */
  pidsLimit?: number | undefined;
  /** Share of the disks' time, 10 to 1000. */
  blkioWeight?: number | undefined;
}

/** Limits that are given when a container is made, and stay. */
export interface FixedLimitOptions {
  /** How eagerly its memory is swapped out, 0 to 100; cgroup v1 only. */
  memorySwappiness?: number | undefined;
  /** Let processes wait for memory where the limit is reached, instead of killing one; cgroup v1 only. */
  oomKillDisable?: boolean | undefined;
  blkioWeightDevices?: DeviceLimit[] | undefined;
  /** Bytes of a second. */
  deviceReadBps?: DeviceLimit[] | undefined;
  deviceWriteBps?: DeviceLimit[] | undefined;
  /** Operations of a second. */
  deviceReadIops?: DeviceLimit[] | undefined;
  deviceWriteIops?: DeviceLimit[] | undefined;
}

/** A limit of one block device. */
export interface DeviceLimit {
  /** Absolute path of the device on the host. */
  path: string;
  /** Weight or rate; as a rate 0 is no limit. */
  value: number;
}

/** Names of all of them. */
export const LIMITS = [
  ...(['memory', 'memorySwap', 'memoryReservation', 'memorySwappiness', 'oomKillDisable', 'pidsLimit'] as const),
  ...([
    'cpus',
    'cpuShares',
    'cpuQuota',
    'cpuPeriod',
    'cpuRtRuntime',
    'cpuRtPeriod',
    'cpusetCpus',
    'cpusetMems',
  ] as const),
  ...(['blkioWeight', 'blkioWeightDevices', 'deviceReadBps', 'deviceWriteBps'] as const),
  ...(['deviceReadIops', 'deviceWriteIops'] as const),
] satisfies readonly (keyof (LimitOptions & FixedLimitOptions))[];
