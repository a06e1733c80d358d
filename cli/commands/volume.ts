import type { Command } from 'commander';
import * as create from './volume/create.ts';
import * as inspect from './volume/inspect.ts';
import * as ls from './volume/ls.ts';
import * as prune from './volume/prune.ts';
import * as rm from './volume/rm.ts';

export function register(parent: Command): void {
  const group = parent.command('volume').summary('manage volumes').description('Manage volumes.');
  for (const command of [create, ls, inspect, rm, prune]) command.register(group);
}
