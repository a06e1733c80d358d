import type { Command } from 'commander';

/** A file of this folder. */
export interface CommandModule {
  /**
   * Adds the command to its parent.
   * @param name another name than its own: `rcx ps` is `ls` in `rcx container`
   */
  register(parent: Command, name?: string): void;
}

/** A command of the first level, and the module that has it. */
export interface CommandEntry {
  name: string;
  aliases?: readonly string[];
  load(): Promise<CommandModule>;
}

/** In the order of `rcx --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'run', load: () => import('./run.ts') },
  { name: 'create', load: () => import('./create.ts') },
  { name: 'start', load: () => import('./start.ts') },
  { name: 'stop', load: () => import('./stop.ts') },
  { name: 'restart', load: () => import('./restart.ts') },
  { name: 'kill', load: () => import('./kill.ts') },
  { name: 'wait', load: () => import('./wait.ts') },
  { name: 'pause', load: () => import('./pause.ts') },
  { name: 'unpause', load: () => import('./unpause.ts') },
  { name: 'logs', load: () => import('./logs.ts') },
  { name: 'exec', load: () => import('./exec.ts') },
  { name: 'attach', load: () => import('./attach.ts') },
  { name: 'events', load: () => import('./events.ts') },
  { name: 'ps', load: () => import('./ps.ts') },
  { name: 'top', load: () => import('./top.ts') },
  { name: 'stats', load: () => import('./stats.ts') },
  { name: 'port', load: () => import('./port.ts') },
  { name: 'rename', load: () => import('./rename.ts') },
  { name: 'update', load: () => import('./update.ts') },
  { name: 'rm', load: () => import('./rm.ts') },
  { name: 'inspect', load: () => import('./inspect.ts') },
  { name: 'cp', load: () => import('./cp.ts') },
  { name: 'commit', load: () => import('./commit.ts') },
  { name: 'diff', load: () => import('./diff.ts') },
  { name: 'export', load: () => import('./export.ts') },
  { name: 'pull', load: () => import('./pull.ts') },
  { name: 'push', load: () => import('./push.ts') },
  { name: 'images', load: () => import('./images.ts') },
  { name: 'tag', load: () => import('./tag.ts') },
  { name: 'history', load: () => import('./history.ts') },
  { name: 'import', load: () => import('./import.ts') },
  { name: 'save', load: () => import('./save.ts') },
  { name: 'load', load: () => import('./load.ts') },
  { name: 'rmi', load: () => import('./rmi.ts') },
  { name: 'search', load: () => import('./search.ts') },
  { name: 'login', load: () => import('./login.ts') },
  { name: 'logout', load: () => import('./logout.ts') },
  { name: 'manifest', load: () => import('./manifest.ts') },
  { name: 'container', load: () => import('./container.ts') },
  { name: 'image', load: () => import('./image.ts') },
  { name: 'network', load: () => import('./network.ts') },
  { name: 'volume', load: () => import('./volume.ts') },
  { name: 'system', load: () => import('./system.ts') },
  { name: 'unshare', load: () => import('./unshare.ts') },
  { name: 'info', load: () => import('./info.ts') },
  { name: 'doctor', load: () => import('./doctor.ts') },
  { name: 'version', load: () => import('./version.ts') },
];
