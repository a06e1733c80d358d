import { lstatSync, mkdirSync } from 'node:fs';
import { RcxError } from '../errors.ts';
import { native, runtimePath } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { runDirectory, storePaths } from '../store/paths.ts';
import { isOutside, ordinaryUser } from './caller.ts';

/** Hears why a namespace that was just made has less than it could. */
export type OnReduced = (why: string) => void;

/**
 * The runtime directory that the namespace of this process' user belongs to, which is made if there is none; `undefined` for root.
 * @throws ERR_RCX_ROOTLESS, ERR_RCX_USER_NAMESPACE, ERR_RCX_ID_MAP, ERR_RCX_IDS_CHANGED, ERR_RCX_RUNTIME_DIRECTORY
 */
export async function namespace(onReduced: OnReduced = warnOfReduced): Promise<string | undefined> {
  if (ordinaryUser() === undefined) return undefined;
  const run = runDirectory();
  if (!isOutside()) return run;
  try {
    if (native().hasNamespace(run)) return run;
    const { namespaceIds, ownSources } = await import('./ids.ts');
    const { maps, helpers, reduced } = namespaceIds(ownSources());
    requireOwn(run);
    (await import('./idsRecord.ts')).keepIds(storePaths().root, maps);
    await native().makeNamespace(runtimePath(), run, JSON.stringify({ maps, helpers }));
    if (reduced !== undefined) onReduced(reduced);
    return run;
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_ROOTLESS');
  }
}

/**
 * Replaces this process by itself as root of the namespace of its user, where files are read and written that belong to subordinate
 * ids. Does nothing for root, and for whoever is there already.
 * @throws as {@link namespace}
 */
export async function enterNamespace(onReduced?: OnReduced): Promise<void> {
  const [node = process.execPath, ...words] = process.argv;
  if (isOutside()) await execInNamespace([node, ...process.execArgv, ...words], onReduced);
}

/**
 * Replaces this process by a program as root of the namespace of its user.
 * @throws as {@link namespace}, and ERR_RCX_ROOTLESS for root, who needs none
 */
export async function execInNamespace(program: string[], onReduced?: OnReduced): Promise<void> {
  const run = isOutside() ? await namespace(onReduced) : undefined;
  if (run === undefined) {
    const step = 'enter the namespace of this user';
    const hint = 'this is for ordinary users: their files may belong to other ids than theirs';
    throw new RcxError(`${step}: root has none, and needs none`, { code: 'ERR_RCX_ROOTLESS', step, hint });
  }
  try {
    native().execInside(runtimePath(), run, program);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_ROOTLESS');
  }
}

/** Removes a tree; one with files of subordinate ids as root of the user's namespace. */
export async function removeTree(path: string): Promise<void> {
  try {
    await native().removeTree(path);
  } catch (error) {
    const { errno } = toRcxError(error, 'ERR_RCX_REMOVE');
    if (!isOutside() || (errno !== 'EACCES' && errno !== 'EPERM')) throw error;
    const run = await namespace();
    if (run === undefined) throw error;
    await native().removeInside(runtimePath(), run, path);
  }
}

/**
 * Sockets and locks of an ordinary user are in a directory that is his alone.
 * @throws ERR_RCX_RUNTIME_DIRECTORY
 */
export function requireOwn(run: string): void {
  const user = ordinaryUser();
  if (user === undefined) return;
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(run);
  if (uid === process.geteuid?.() && (mode & 0o022) === 0) return;
  const step = 'use the runtime directory';
  throw new RcxError(`${step}: ${run}: it belongs to the user ${uid}, or others may write to it`, {
    code: 'ERR_RCX_RUNTIME_DIRECTORY',
    step,
    path: run,
    hint: 'set XDG_RUNTIME_DIR to a directory of your own, or log in as this user instead of with su',
  });
}

function warnOfReduced(why: string): void {
  process.emitWarning(
    `${why}: all files of containers and images belong to you alone, and programs in containers have no other user than root`,
    { code: 'RCX_SINGLE_ID' },
  );
}
