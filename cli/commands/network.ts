import type { Command } from 'commander';
import * as create from './network/create.ts';
import * as inspect from './network/inspect.ts';
import * as ls from './network/ls.ts';
import * as rm from './network/rm.ts';

export function register(parent: Command): void {
  const group = parent.command('network').summary('manage networks').description('Manage networks.');
  for (const command of [create, ls, inspect, rm]) command.register(group);
}
