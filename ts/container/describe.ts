import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine.ts';
import { findContainer } from './heal.ts';
import { type ContainerInspect, inspectContainer } from './inspect.ts';
import type { InspectHealth } from './inspectTypes.ts';
import { containerSize } from './list.ts';
import { isUp, statusOf } from './status.ts';

/** The monitor's report of the last checks, see `crates/core/src/monitor/health.rs`. */
const HEALTH = 'health.json';

/**
 * Describes a container as it is.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_MEASURE
 */
export async function describeContainer(
  engine: Engine,
  text: string,
  { size = false }: { size?: boolean | undefined } = {},
): Promise<ContainerInspect> {
  const stored = await findContainer(engine, text);
  const status = statusOf(stored);
  const health = isUp(status) ? readHealth(join(engine.containers.runDirectory(stored.config.id), HEALTH)) : undefined;
  const sizes = size ? await containerSize(engine, stored) : undefined;
  return inspectContainer(stored, { status, health, sizes });
}

/** `undefined` where there is none: no check, or its monitor has ended in this moment. */
function readHealth(path: string): InspectHealth | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as InspectHealth;
  } catch {
    return undefined;
  }
}
