import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { IdRange } from '../config/config.ts';
import type { IdMapping, IdMappings } from '../container/userns/mapping.ts';
import { RcxError } from '../errors.ts';
import { parseSubordinateIds, readIfThere } from './subordinateIds.ts';

/** What a user's namespace is made of. */
export interface NamespaceIds {
  maps: IdMappings;
  /** newuidmap(1) and newgidmap(1); `null` where the user's own ids are all there is. */
  helpers: [string, string] | null;
  /** Why there are no others. */
  reduced?: string;
}

/** Who asks, and what is read. */
export interface IdSources {
  uid: number;
  gid: number;
  /** His name, if he has one. */
  name: string | undefined;
  /** Text of a file of `/etc`; empty where there is none. */
  file: (path: string) => string;
  /** Path of a program, if there is one of that name. */
  program: (name: string) => string | undefined;
}

/** This process' user, and the files of this machine. */
export function ownSources(env: NodeJS.ProcessEnv = process.env): IdSources {
  const program = (name: string) =>
    (env.PATH ?? '')
      .split(':')
      .filter((directory) => directory.startsWith('/'))
      .map((directory) => join(directory, name))
      .find((path) => existsSync(path));
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, name: ownName(), file: readIfThere, program };
}

/**
 * The ids of an ordinary user's namespace: his own is 0 there, his subordinate ones (subuid(5)) follow from 1 on. Without them, or
 * without the programs that may map them, his own is all there is.
 * @throws ERR_RCX_ID_MAP for ranges that the kernel would refuse
 */
export function namespaceIds({ uid, gid, name, file, program }: IdSources): NamespaceIds {
  const rangesOf = (path: string) =>
    parseSubordinateIds(file(path)).filter(({ owner }) => owner === name || owner === String(uid));
  const [uids, gids] = [rangesOf('/etc/subuid'), rangesOf('/etc/subgid')];
  const user = name ?? String(uid);
  const own = { uidMappings: [single(uid)], gidMappings: [single(gid)] };
  const missing = [uids.length === 0 && '/etc/subuid', gids.length === 0 && '/etc/subgid'].filter(Boolean);
  if (missing.length > 0) {
    return { maps: own, helpers: null, reduced: `${user} has no ids in ${missing.join(' and ')}` };
  }
  const helpers = [program('newuidmap'), program('newgidmap')];
  const [newuidmap, newgidmap] = helpers;
  if (newuidmap === undefined || newgidmap === undefined) {
    return { maps: own, helpers: null, reduced: 'newuidmap and newgidmap are not installed (package uidmap)' };
  }
  const maps = {
    uidMappings: mapped(uid, uids, { path: '/etc/subuid', user }),
    gidMappings: mapped(gid, gids, { path: '/etc/subgid', user }),
  };
  return { maps, helpers: [newuidmap, newgidmap] };
}

function single(id: number): IdMapping {
  return { containerID: 0, hostID: id, size: 1 };
}

function mapped(own: number, ranges: readonly IdRange[], origin: { path: string; user: string }): IdMapping[] {
  const all = [single(own), ...ranges.map(({ first, count }) => ({ hostID: first, size: count }))];
  let next = 0;
  const maps = all.map(({ hostID, size }) => {
    const mapping = { containerID: next, hostID, size };
    next += size;
    return mapping;
  });
  const sorted = maps.toSorted((a, b) => a.hostID - b.hostID);
  const clash = sorted.find((each, at) => {
    const before = sorted[at - 1];
    return before !== undefined && before.hostID + before.size > each.hostID;
  });
  if (clash !== undefined) throw overlapping(clash, own, origin);
  return maps;
}

function overlapping({ hostID, size }: IdMapping, own: number, { path, user }: { path: string; user: string }) {
  const step = 'map the user’s subordinate ids';
  const what = hostID <= own && own < hostID + size ? `the id of ${user} itself is one of them` : 'two ranges overlap';
  return new RcxError(`${step}: ${path}: ${hostID}:${size}: ${what}`, {
    code: 'ERR_RCX_ID_MAP',
    step,
    path,
    hint: `give ${user} a range in ${path} that nobody else has, as ${user}:100000:65536`,
  });
}

/** Of a user without an account there is only the number. */
function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
