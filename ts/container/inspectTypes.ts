import type { ContainerState } from './record.ts';

/** A container as `docker inspect` describes it; the field names are Docker's. */
export interface ContainerInspect {
  Id: string;
  /** RFC 3339. */
  Created: string;
  Path: string;
  Args: string[];
  State: InspectState;
  /** ID of the image; empty for a bare root filesystem. */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  /** With Docker's slash in front. */
  Name: string;
  Driver: 'overlay' | 'none';
  /** How the kernel let the root be changed; empty before the first start. */
  RootChange: string;
  /** How the overlay was mounted, `fsconfig` or `mount`; empty before the first start and without one. */
  OverlayApi: string;
  Platform: 'linux';
  Mounts: InspectMount[];
  HostConfig: InspectHostConfig;
  Config: InspectConfig;
  GraphDriver: InspectGraphDriver;
}

export interface InspectState {
  Status: ContainerState['status'];
  Running: boolean;
  /** On the host; 0 when it does not run. */
  Pid: number;
  /** 128 + n for signal n; -1 when it has ended and nobody lived to learn how. */
  ExitCode: number;
  /** Why it could not be started. */
  Error: string;
  StartedAt: string;
  FinishedAt: string;
}

/** A mount that the user asked for. */
export interface InspectMount {
  Type: string;
  Source: string;
  Destination: string;
  /** Mount options, comma-separated. */
  Mode: string;
  RW: boolean;
  Propagation: string;
}

/** Limits are 0 where there are none, as in Docker. */
export interface InspectHostConfig {
  NetworkMode: string;
  AutoRemove: boolean;
  ReadonlyRootfs: boolean;
  Init: boolean;
  /** Bytes. */
  Memory: number;
  /** Bytes of memory and swap together. */
  MemorySwap: number;
  /** Billionths of a processor. */
  NanoCpus: number;
  PidsLimit: number;
  CgroupPath: string;
  MaskedPaths: string[];
  ReadonlyPaths: string[];
}

export interface InspectConfig {
  Hostname: string;
  User: string;
  Tty: boolean;
  Env: string[];
  Cmd: string[] | null;
  Entrypoint: string[] | null;
  /** As the user named it. */
  Image: string;
  WorkingDir: string;
  Labels: Record<string, string>;
  StopSignal: string;
}

/** Host directories of the root. `LowerDir` is topmost first, the init layer included. */
export interface InspectGraphDriver {
  Name: 'overlay' | 'none';
  Data: { LowerDir: string; UpperDir: string; WorkDir: string; MergedDir: string } | { RootDir: string };
}
