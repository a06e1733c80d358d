import type { Command } from 'commander';
import * as info from './info.ts';
import * as check from './system/check.ts';
import * as df from './system/df.ts';
import * as prune from './system/prune.ts';

export function register(parent: Command): void {
  const group = parent.command('system').summary('manage the store').description('Manage the store.');
  df.register(group);
  prune.register(group);
  check.register(group);
  info.register(group);
}
