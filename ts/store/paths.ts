import { homedir } from 'node:os';
import { join } from 'node:path';
import { ordinaryUser } from '../rootless/caller.ts';

/** Where one store lives. Everything under `run` may be lost at a reboot; nothing under `root` may. */
export interface StorePaths {
  root: string;
  run: string;
  /** A valid OCI image layout. */
  images: string;
  layers: string;
  containers: string;
  volumes: string;
  networks: string;
}

/**
 * The store of the calling user: `$RCX_ROOT` and `$RCX_RUN`, else `/var/lib/rcx` and `/run/rcx` for root and the XDG
 * directories for everybody else.
 */
export function storePaths(env: NodeJS.ProcessEnv = process.env): StorePaths {
  const isRoot = ordinaryUser(env) === undefined;
  const root =
    env.RCX_ROOT ?? (isRoot ? '/var/lib/rcx' : join(env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'rcx'));
  const run = runDirectory(env);
  return {
    root,
    run,
    images: join(root, 'images'),
    layers: join(root, 'layers'),
    containers: join(root, 'containers'),
    volumes: join(root, 'volumes'),
    networks: join(root, 'networks'),
  };
}

/** `$RCX_RUN`, else `/run/rcx` for root, and a directory of the user's own for everybody else. */
export function runDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const user = ordinaryUser(env);
  return env.RCX_RUN ?? (user === undefined ? '/run/rcx' : join(env.XDG_RUNTIME_DIR ?? `/tmp/rcx-${user}`, 'rcx'));
}
