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
  const work = async () => {
    for (let container = waiting.shift(); container !== undefined; container = waiting.shift()) {
      try {
        await startDetached(engine, container);
        boot.started.push(container);
      } catch (error) {
        if (!isRcxError(error)) throw error;
        boot.failed.push({ container, error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return boot;
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
