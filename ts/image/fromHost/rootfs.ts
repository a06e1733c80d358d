import { isRcxError, RcxError } from '../../errors.ts';
import { DEFAULT_PROGRAMS } from './defaults.ts';
import { HostRoot } from './hostRoot.ts';
import { Linkage } from './linkage.ts';
import { PROGRAM_PATH, ProgramCollector } from './programs.ts';
import { addLocale, addSystemFiles } from './system.ts';
import { ImageTree, type TreeEntry } from './tree.ts';

/** A root file system made of a machine's own programs, and how a container of it starts. */
export interface HostRootfs {
  entries: TreeEntry[];
  command: string[];
  environment: string[];
}

/** What {@link collectRootfs} reports as it goes. */
export type CollectEvent =
  | { type: 'program'; name: string; path: string }
  /** A program of the default list that this machine has only in part; `reason` is one line. */
  | { type: 'skipped'; name: string; reason: string };

export interface CollectOptions {
  /** Names or absolute paths; none means the default list. */
  programs?: readonly string[] | undefined;
  /** A tree to be looked at as if it were `/`. */
  root?: string | undefined;
  onEvent?: ((event: CollectEvent) => void) | undefined;
}

/** Puts together programs, their libraries and the files they expect. Reads the host, writes nothing. */
export function collectRootfs(options: CollectOptions = {}): HostRootfs {
  const host = new HostRoot(options.root);
  const linkage = new Linkage(host);
  const tree = new ImageTree(host);
  const collector = new ProgramCollector(host, linkage, tree);
  const asked = options.programs?.length ? options.programs : undefined;
  const paths: string[] = [];
  for (const name of asked ?? DEFAULT_PROGRAMS) {
    const path = asked ? collector.add(name) : addOptional(collector, name, options);
    if (path === undefined) continue;
    paths.push(path);
    options.onEvent?.({ type: 'program', name, path });
  }
  if (paths.length === 0) throw noPrograms();
  const locale = addLocale(host, tree);
  addSystemFiles(host, linkage, tree);
  return {
    entries: tree.entries(),
    command: [commandOf(paths)],
    environment: [`PATH=${PROGRAM_PATH.join(':')}`, ...(locale ? [`LANG=${locale}`] : [])],
  };
}

function addOptional(collector: ProgramCollector, name: string, options: CollectOptions): string | undefined {
  try {
    return collector.add(name);
  } catch (error) {
    if (!isRcxError(error)) throw error;
    if (error.code !== 'ERR_RCX_PROGRAM_NOT_FOUND') {
      options.onEvent?.({ type: 'skipped', name, reason: error.message });
    }
    return undefined;
  }
}

/** A shell if there is one, by name so that `PATH` decides; else the first program. */
function commandOf(paths: string[]): string {
  for (const shell of ['bash', 'sh']) {
    if (paths.some((path) => path.endsWith(`/${shell}`))) return shell;
  }
  return paths[0] ?? 'sh';
}

function noPrograms(): RcxError {
  return new RcxError('image from-host: this machine has none of the default programs', {
    code: 'ERR_RCX_PROGRAM_NOT_FOUND',
    step: 'find a program',
    hint: 'name the programs the image shall have.',
  });
}
