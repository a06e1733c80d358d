import { createContainer, ownIdentity } from '../container/create.ts';
import { AttachedContainer } from '../container/launch.ts';
import type { ProcessIdentity } from '../container/liveness.ts';
import { MonitoredContainer } from '../container/monitored.ts';
import { namedNetwork } from '../container/namespaceModes.ts';
import type { ContainerOptions } from '../container/options.ts';
import { isWithinReach } from '../container/reachFiles.ts';
import { removeContainer } from '../container/remove.ts';
import { type PullPolicy, resolveForRun } from '../container/resolveForRun.ts';
import type { StoredContainer } from '../container/store.ts';
import type { Engine as Core } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import type { StdioOptions } from '../native/index.ts';
import { isOutside } from '../rootless/caller.ts';
import { perform } from './operations/perform.ts';
import type { Prepared } from './session.ts';

/** An image, or a directory that is the root of a container. */
export type ImageOrRoot = string | { rootfs: string };

/** A container that is going to be made. */
export interface WantedContainer {
  id: string;
  image: ImageOrRoot;
  options: ContainerOptions;
  pull: PullPolicy;
  /** Whether it goes on when this process ends. */
  detached: boolean;
}

/** A container that is made and nothing more. */
export interface MakeRequest extends Omit<WantedContainer, 'detached'> {
  willStart: boolean;
  /** Who starts it then. */
  owner: ProcessIdentity;
}

/** Makes a container, up to the point where only its program is missing. The signal ends a pull. */
export async function prepareContainer(
  core: Core,
  wanted: WantedContainer,
  stdio: StdioOptions,
  signal: AbortSignal,
): Promise<Prepared> {
  const isMonitored = wanted.detached || (isOutside() && usesNetwork(core, wanted.options));
  const options = isMonitored ? { ...wanted.options, ...monitorOptions(wanted, stdio) } : wanted.options;
  const { id, image, pull } = wanted;
  const request: MakeRequest = { id, image, options, pull, willStart: true, owner: ownIdentity() };
  const stored = await make(core, request, signal);
  if (!isMonitored) return await AttachedContainer.launch(core, stored, stdio);
  return await launchMonitored(core, stored, stdio, wanted.detached);
}

/** Makes a container and nothing of its launch, where its files can be reached. */
export async function make(core: Core, request: MakeRequest, signal: AbortSignal): Promise<StoredContainer> {
  const { id, image, options, pull } = request;
  const rootfs = typeof image !== 'string';
  const wanted = { image: rootfs ? image.rootfs : image, rootfs, pull };
  if (!isOutside() || (await isWithinReach(core, wanted, options))) return await makeContainer(core, request, signal);
  await perform(core, 'create', request, { signal });
  return core.containers.find(id);
}

/** The same by this process. The signal ends a pull. */
export async function makeContainer(core: Core, request: MakeRequest, signal: AbortSignal): Promise<StoredContainer> {
  const { id, image, options, pull, willStart, owner } = request;
  const { platform } = options;
  const root = typeof image === 'string' ? () => resolveForRun(core, image, { policy: pull, platform, signal }) : image;
  return await createContainer(core, root, options, { willStart, id, owner });
}

/** Only a monitor, which is in the user's namespace, can have the networks of an ordinary user furnished. */
function usesNetwork(core: Core, { network }: ContainerOptions): boolean {
  const isDefault = network === undefined || network === 'default';
  return namedNetwork(isDefault ? (core.settings().defaultNetwork ?? 'bridge') : network) !== undefined;
}

/** What a monitor has to know of the streams. */
function monitorOptions({ detached, options }: WantedContainer, { stdin }: StdioOptions): ContainerOptions {
  const input = stdin !== 'null' && { openStdin: true, stdinOnce: true };
  // Nobody could ask for the log of one that ends with this process.
  return { ...input, ...(!detached && { log: { driver: 'none', ...options.log } }) };
}

async function launchMonitored(
  core: Core,
  stored: StoredContainer,
  stdio: StdioOptions,
  detached: boolean,
): Promise<Prepared> {
  const container = await MonitoredContainer.launch(core, stored, { stdio, bound: !detached });
  const isLeft = detached && Object.values(stdio).every((mode) => mode === 'null');
  return {
    takePipes: () => container.takePipes(),
    start: async () => {
      await container.start();
      // Nothing is to keep this process from its own end.
      if (isLeft) container.detach();
    },
    wait: async () => {
      const end = await container.wait();
      return end.how === 'ended' ? end : { oomKilled: false };
    },
    kill: (number) => container.kill(number),
    resize: (rows, columns) => container.resize(rows, columns),
    leave: () => container.detach(),
    abandon: async () => {
      container.detach();
      await removeContainer(core, stored.config.id, { force: true }).catch((error: unknown) => {
        // Its monitor was faster.
        if (!isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND')) throw error;
      });
    },
  };
}
