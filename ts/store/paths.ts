import { homedir } from 'node:os';
import { join } from 'node:path';

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
  const privileged = process.geteuid?.() === 0;
  const root =
    env.RCX_ROOT ?? (privileged ? '/var/lib/rcx' : join(env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'rcx'));
  const run =
    env.RCX_RUN ?? (privileged ? '/run/rcx' : join(env.XDG_RUNTIME_DIR ?? `/tmp/rcx-${process.geteuid?.()}`, 'rcx'));
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
