import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../engine.ts';
import { isRcxError, RcxError } from '../../errors.ts';
import { type Container, type CopyRoot, initPath, native } from '../../native/index.ts';
import type { Lock } from '../../store/lock.ts';
import { toRcxError } from '../../store/nativeError.ts';
import { lockFiles, lockMonitor } from '../filesLock.ts';
import { findContainer } from '../heal.ts';
import { identify, isAlive, type ProcessIdentity } from '../liveness.ts';
import type { LaunchRequest, SpecMount } from '../spec/types.ts';
import type { StoredContainer } from '../store.ts';
import { closing } from './closing.ts';

/** How long a container may be about to run: one that is restarted waits for longer the more often it fails. */
const PATIENCE_MS = 10_000;
const DELAY_MS = 20;

/**
 * Opens the root of a container as its processes see it, volumes included, and runs `body` with it. Of one that does not run the
 * root is mounted for that time, in a mount namespace of a process that does nothing else; it cannot be started meanwhile.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_BUSY, those of a launch, and what `body` throws
 */
export async function withContainerRoot<T>(
  engine: Engine,
  text: string,
  body: (root: CopyRoot) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const begin = Date.now();
  for (;;) {
    const stored = await findContainer(engine, text);
    const root = runningRoot(stored);
    if (root !== undefined) return await closing(root, () => body(root));
    const locks = isAboutToRun(stored) ? undefined : await lockStopped(engine, stored, signal);
    if (locks !== undefined) {
      try {
        return await withLaunchedRoot(mountRequest(stored), body, () => busy(stored));
      } finally {
        for (const lock of locks) lock.release();
      }
    }
    if (Date.now() - begin > PATIENCE_MS) throw busy(stored);
    await sleep(DELAY_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/** `undefined` when it does not run. */
function runningRoot({ state }: StoredContainer): CopyRoot | undefined {
  if (state.status !== 'running' || state.process === undefined) return undefined;
  try {
    return rootOf(state.process);
  } catch (error) {
    // It has ended in this moment.
    if (isRcxError(error, 'ERR_RCX_NO_SUCH_PROCESS')) return undefined;
    throw error;
  }
}

function rootOf({ pid, startTime, bootId }: ProcessIdentity): CopyRoot {
  try {
    return native().CopyRoot.ofProcess(pid, startTime, bootId);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_COPY');
  }
}

/** Made by a process that is going to run it, and no monitor. */
function isAboutToRun({ state }: StoredContainer): boolean {
  const { status, error, owner } = state;
  return status === 'created' && error === undefined && owner.pid !== process.pid && isAlive(owner);
}

/** Keeps a container from being started; `undefined` if it was. */
async function lockStopped(engine: Engine, stored: StoredContainer, signal?: AbortSignal): Promise<Lock[] | undefined> {
  const files = await lockFiles(stored, { signal });
  try {
    const monitor = lockMonitor(stored);
    if (monitor !== undefined) {
      const { state } = await findContainer(engine, stored.config.id);
      if (state.status !== 'running') return [monitor, files];
      monitor.release();
    }
  } catch (error) {
    files.release();
    throw error;
  }
  files.release();
  return undefined;
}

/**
 * Mounts a root in a namespace of a process that does nothing else, for as long as `body` runs.
 * @param request what would be launched, without a program
 * @param onGone makes the error for a process that was killed meanwhile
 * @throws those of a launch, ERR_RCX_COPY, and what `body` throws
 */
export async function withLaunchedRoot<T>(
  request: object,
  body: (root: CopyRoot) => Promise<T>,
  onGone: () => Error = () => new RcxError('mount the root: its process was killed', { code: 'ERR_RCX_LAUNCH' }),
): Promise<T> {
  let container: Container;
  try {
    const nothing = { stdin: 'null', stdout: 'null', stderr: 'null' } as const;
    container = await native().createContainer(JSON.stringify(request), nothing);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAUNCH');
  }
  try {
    const holder = identify(container.pid);
    if (holder === undefined) throw onGone();
    const root = rootOf(holder);
    return await closing(root, () => body(root));
  } finally {
    container.abandon();
  }
}

/**
 * The container with nothing but its root, what is bound into it, and its volumes. `/dev` is a memory file system as ever, and
 * read-only: what were copied there would be gone.
 */
function mountRequest({ config }: StoredContainer): object {
  const { spec, rcx }: LaunchRequest = config.request;
  const { user: _none, overlay, ...extras } = rcx;
  const volumes = new Set((config.mounts ?? []).filter(({ type }) => type !== 'tmpfs').map((each) => each.destination));
  const isWanted = ({ type, destination }: SpecMount) => type === 'bind' || volumes.has(destination);
  const mounts = spec.mounts
    .filter((mount) => isWanted(mount) || mount.destination === '/dev')
    // The root is mounted without a user namespace, and so shows the container's own ids.
    .map((mount) => ({ ...mount, options: mount.options.filter((option) => !/^r?idmap$/.test(option)) }));
  const hasDevices = mounts.some(({ type, destination }) => destination === '/dev' && type === 'tmpfs');
  return {
    spec: {
      ociVersion: spec.ociVersion,
      process: { ...spec.process, terminal: false, user: { uid: 0, gid: 0 }, args: ['/'], env: [], cwd: '/' },
      root: spec.root,
      mounts,
      linux: {
        namespaces: [{ type: 'mount' }, { type: 'pid' }],
        ...(hasDevices && { readonlyPaths: ['/dev'] }),
      },
    },
    rcx: {
      ...{ ...extras, initBinary: initPath(), init: false },
      ...(overlay !== undefined && { overlay: { ...overlay, volatile: false } }),
    },
  };
}

function busy({ config, state }: StoredContainer): RcxError {
  const doing = state.status === 'restarting' ? 'it is being restarted' : 'it is being started';
  return new RcxError(`cp: ${config.name}: ${doing}`, {
    code: 'ERR_RCX_CONTAINER_BUSY',
    step: 'cp',
    path: config.name,
    hint: `try again, or stop it with: rcx stop ${config.name}`,
  });
}
