import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { called } from './called.ts';
import { changeConfig, reloadRecord } from './change.ts';
import { findContainer } from './heal.ts';
import { checkName } from './names.ts';

/**
 * Gives a container another name. It has one of the two at any moment: the new one as soon as its record says so.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_INVALID_NAME, ERR_RCX_NAME_IN_USE, also for the name that it has
 */
export async function renameContainer(engine: Engine, text: string, wanted: string): Promise<void> {
  const stored = await findContainer(engine, text);
  const { containers } = engine;
  const { id } = stored.config;
  // Docker's names may have a slash in front.
  const name = checkName(wanted.replace(/^\//, ''));
  let old: string | undefined;
  try {
    const changed = await changeConfig(stored, (config) => {
      if (config.name === name) throw sameName(name);
      containers.reserveName({ id, name });
      old = config.name;
      return called(config, name);
    });
    const { network } = changed.request.rcx;
    if (network !== undefined) (await import('../network/names.ts')).publishNames(id, network.interfaces);
  } catch (error) {
    if (old !== undefined) containers.freeName({ id, name });
    throw error;
  }
  if (old !== undefined) containers.freeName({ id, name: old });
  reloadRecord(engine, stored);
}

function sameName(name: string): RcxError {
  return new RcxError(`rename the container: ${name} is its name already`, {
    code: 'ERR_RCX_NAME_IN_USE',
    step: 'rename the container',
    path: name,
  });
}
