import type { Engine } from '../engine.ts';
import { createContainer } from './create.ts';
import { type ForegroundRun, findRoot } from './foreground.ts';
import { reachFiles } from './reachFiles.ts';
import { startDetached } from './start.ts';

/** Runs a container with nobody connected to it; returns its id once its program runs. */
export async function runDetached(engine: Engine, wanted: Omit<ForegroundRun, 'detachKeys'>): Promise<string> {
  await reachFiles(engine, wanted, wanted.options);
  const options = { openStdin: wanted.interactive, ...wanted.options };
  const stored = await createContainer(engine, () => findRoot(engine, wanted), options);
  const trace = await startDetached(engine, stored);
  if (trace.length > 0) wanted.onTrace?.(trace);
  return stored.config.id;
}

/** Makes a container that is going to be started later; returns its id. */
export async function createOnly(engine: Engine, wanted: Omit<ForegroundRun, 'detachKeys'>): Promise<string> {
  await reachFiles(engine, wanted, wanted.options);
  const { interactive, attach } = wanted;
  const once = interactive && (attach === undefined || attach.includes('stdin'));
  const options = { openStdin: interactive, stdinOnce: once, ...wanted.options };
  const { config } = await createContainer(engine, () => findRoot(engine, wanted), options, { willStart: false });
  return config.id;
}
