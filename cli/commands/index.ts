import type { Command } from 'commander';

/** A file of this folder. */
export interface CommandModule {
  /** Adds the command to its parent. */
  register(parent: Command): void;
}

/** A command of the first level, and the module that has it. */
interface CommandEntry {
  name: string;
  aliases?: readonly string[];
  load(): Promise<CommandModule>;
}

/** In the order of `rcx --help`. */
export const COMMANDS: readonly CommandEntry[] = [{ name: 'run', load: () => import('./run.ts') }];
