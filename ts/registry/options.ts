import type { RcxConfig } from '../config/config.ts';
import type { Reference } from '../oci/reference.ts';
import type { Timeouts } from './exchange.ts';
import type { RetryPolicy } from './retry.ts';

export interface RegistryOptions {
  config: RcxConfig;
  /** Where proxies, `DOCKER_CONFIG` and the `PATH` of credential helpers are looked up; `process.env` by default. */
  env?: NodeJS.ProcessEnv;
  timeouts?: Partial<Timeouts>;
  retry?: Partial<RetryPolicy>;
}

/** What a registry keeps under one name. */
export type Repository = Pick<Reference, 'registry' | 'repository'>;

export interface FetchOptions {
  signal?: AbortSignal | undefined;
}

export interface FetchBlobOptions extends FetchOptions {
  /** Called with the bytes received so far, skipped ones not counted twice. */
  onProgress?: ((bytesSoFar: number) => void) | undefined;
  /** Called when a broken download goes on, by another answer and perhaps from another server. */
  onResume?: (() => void) | undefined;
}
