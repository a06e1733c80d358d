import type { Engine } from '../engine.ts';
import { isRcxError, type RcxError } from '../errors.ts';
import { listContainers } from './heal.ts';
import { startDetached } from './start.ts';
import type { StoredContainer } from './store.ts';

/** What became of the containers that should run from the machine's start on. */
export interface Boot {
  started: StoredContainer[];
  failed: { container: StoredContainer; error: RcxError }[];
}

/** Each start waits for the disk and for its program. */
const AT_ONCE = 8;

/**
 * Runs the containers again that ran when the machine went down, and those that always run, by their restart policies. Again is
 * no error: those that run are left alone.
 */
export async function startAtBoot(engine: Engine): Promise<Boot> {
  const boot: Boot = { started: [], failed: [] };
  const waiting = (await listContainers(engine)).filter(startsAtBoot).reverse();
  // What is in the namespaces of another container needs that one first, which is always the older of the two.
  const joining = waiting.filter(({ config }) => config.request.rcx.join !== undefined);
  const alone = waiting.filter((container) => !joining.includes(container));
  await Promise.all(Array.from({ length: AT_ONCE }, () => startAll(engine, alone, boot)));
  await startAll(engine, joining, boot);
  return boot;
}

/** Starts one after the other, until the list is empty. */
async function startAll(engine: Engine, waiting: StoredContainer[], boot: Boot): Promise<void> {
  for (let container = waiting.shift(); container !== undefined; container = waiting.shift()) {
    try {
      await startDetached(engine, container);
      boot.started.push(container);
    } catch (error) {
      if (!isRcxError(error)) throw error;
      boot.failed.push({ container, error });
    }
  }
}

/** As dockerd does at its start; one that has never been started has nothing to be restarted. */
export function startsAtBoot({ config, state }: StoredContainer): boolean {
  if (state.status !== 'exited') return false;
  switch (config.restart.name) {
    case 'always':
      return true;
    case 'unless-stopped':
      return state.stopped !== true;
    case 'on-failure':
      // Without a code the machine went down while it ran.
      return state.stopped !== true && state.exitCode === undefined;
    default:
      return false;
  }
}
