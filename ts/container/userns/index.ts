import { existsSync } from 'node:fs';
import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { native } from '../../native/index.ts';
import { quote } from '../../oci/quote.ts';
import { ordinaryUser } from '../../rootless/caller.ts';
import { lockPath, withLock } from '../../store/lock.ts';
import { toRcxError } from '../../store/nativeError.ts';
import type { ContainerOptions } from '../options.ts';
import { allocateIds, refuseOverlap, type UsedIds } from './allocate.ts';
import { checkOptions, checkUser } from './check.ts';
import type { IdMappings } from './mapping.ts';
import { userNamespaceMode } from './mode.ts';
import { idPool, machineSources } from './pool.ts';

/** The user namespace of a container that is about to be made. */
export interface UserNamespace {
  kind: 'auto' | 'private';
  mappings: IdMappings;
}

/**
 * Finds the ids of a container and has `make` make it, before anybody else can find the same ones: they are known by the
 * containers' records, and by nothing that a crash could leave behind.
 * @param user Docker's `user[:group]`
 * @param layers directory that holds the image's layers, or the root filesystem
 * @throws ERR_RCX_INVALID_OPTION, ERR_RCX_USERNS_OVERLAP, ERR_RCX_USERNS_EXHAUSTED, ERR_RCX_IDMAP, ERR_RCX_USER_NAMESPACE
 */
export async function withUserNamespace<T>(
  engine: Engine,
  options: ContainerOptions,
  user: string,
  layers: string,
  make: (namespace: UserNamespace | undefined) => Promise<T>,
): Promise<T> {
  // What is podman's alone, as keep-id, is not to be told of as a mistake of spelling.
  if (ordinaryUser() !== undefined && wantsOwn(options)) throw needsRoot(options.userns);
  const mode = userNamespaceMode(options);
  checkOptions(options, mode !== undefined);
  if (mode === undefined) return await make(undefined);
  try {
    const { root, containers } = engine.paths;
    native().requireIdmappedMounts([existsSync(containers) ? containers : root, layers]);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_IDMAP');
  }
  return await withLock(lockPath(engine.paths, 'userns'), async () => {
    const used = usedIds(engine);
    let namespace: UserNamespace;
    if ('auto' in mode) {
      const sources = machineSources(engine.settings().userns);
      const mappings = allocateIds(mode.auto.size, idPool('uid', sources), idPool('gid', sources), used);
      namespace = { kind: 'auto', mappings };
    } else {
      refuseOverlap(mode.mappings, used);
      namespace = { kind: 'private', mappings: mode.mappings };
    }
    checkUser(user, namespace.mappings);
    return await make(namespace);
  });
}

function wantsOwn({ userns = '', uidMap = [], gidMap = [] }: ContainerOptions): boolean {
  return (userns !== '' && userns !== 'host') || uidMap.length > 0 || gidMap.length > 0;
}

/** It takes mounts with shifted owners, which the kernel lets root alone make. */
function needsRoot(mode = ''): RcxError {
  const step = 'give the container a user namespace of its own';
  const what = mode === '' ? '--uidmap, --gidmap' : `--userns ${quote(mode)}`;
  return new RcxError(`${step}: ${what}: not supported for ordinary users`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step,
    hint: mode.startsWith('keep-id')
      ? 'leave it out: root of the container is you, and what he makes in a bind is yours'
      : 'leave it out: containers of ordinary users are in a user namespace in any case',
  });
}

/** Of all containers of the store; one whose record is damaged cannot run any more. */
function usedIds(engine: Engine): UsedIds[] {
  return engine.containers.configs().flatMap(({ config }) => {
    const { uidMappings, gidMappings } = config?.request.spec.linux ?? {};
    if (config === undefined || uidMappings === undefined || gidMappings === undefined) return [];
    return [{ name: config.name, auto: config.userns === 'auto', uidMappings, gidMappings }];
  });
}
