import { withLaunchedRoot } from '../container/copy/containerRoot.ts';
import type { RuntimeSpec } from '../container/spec/types.ts';
import { type Container, type CopyRoot, initPath, native, type StdioOptions } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { randomHex } from '../store/random.ts';

/** Directories that overlayfs makes one of. */
export interface Layers {
  /** Topmost first; without an upper one at least two. None of them is changed. */
  lower: string[];
  /** What the container changes. On one file system with {@link Layers.work}. */
  upper?: string | undefined;
  /** Empty directory for the kernel. */
  work?: string | undefined;
  /** Do not wait for the disk: after a crash of the machine the upper directory is of no use. */
  volatile?: boolean | undefined;
}

/** A container to be launched. */
export interface LaunchPlan {
  /** OCI runtime-spec configuration, as of `defaultSpec()`. Relative paths in it are errors. */
  spec: RuntimeSpec;
  /** Where there are some, they are mounted on `spec.root.path`, in the container alone. */
  layers?: Layers | undefined;
  /** Docker's `user[:group]`, looked up in the container's own files; overrides that of the spec. */
  user?: string | undefined;
  /** Stay as PID 1 and reap orphans. */
  init?: boolean | undefined;
  /** Of docker's profile, of none, or of a profile in docker's JSON form. */
  seccomp?: 'default' | 'unconfined' | { profile: string } | undefined;
  /** Take the time of each part of the launch, for the container's `trace`. */
  trace?: boolean | undefined;
}

/**
 * Prepares a container of this process up to the point where only its program is missing: `start()` runs it, `wait()` tells its end, and it
 * dies with this process. As root, or in a user namespace where the caller is root.
 * @throws RcxError with the step, the path and the errno
 */
export async function launch(
  plan: LaunchPlan,
  stdio: StdioOptions = { stdin: 'null', stdout: 'inherit', stderr: 'inherit' },
): Promise<Container> {
  try {
    return await native().createContainer(JSON.stringify(requestOf(plan)), stdio);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAUNCH');
  }
}

/**
 * Shows the root of a container that is not run, with everything that is mounted in it, for as long as `body` runs.
 * @throws as {@link launch}, and what `body` throws
 */
export async function withRoot<T>(plan: LaunchPlan, body: (root: CopyRoot) => Promise<T>): Promise<T> {
  return await withLaunchedRoot(requestOf(plan), body);
}

function requestOf({ spec, layers, user, init, seccomp, trace }: LaunchPlan): object {
  return {
    spec,
    rcx: {
      id: randomHex(32),
      initBinary: initPath(),
      mountpoint: spec.root.path,
      ...(layers !== undefined && { overlay: layers }),
      ...(user !== undefined && { user }),
      ...(init !== undefined && { init }),
      ...(seccomp !== undefined && { seccomp }),
      ...(trace !== undefined && { trace }),
    },
  };
}
