import type { Engine as Core } from '../engine.ts';

const CORES = new WeakMap<object, Core>();

/** Keeps what an engine of the API is the front of. */
export function keepCore(engine: object, core: Core): void {
  CORES.set(engine, core);
}

/** The store and everything in it, of an engine of the API. */
export function coreOf(engine: object): Core {
  return CORES.get(engine) as Core;
}
