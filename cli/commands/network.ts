import type { Command } from 'commander';
import * as connect from './network/connect.ts';
import * as create from './network/create.ts';
import * as disconnect from './network/disconnect.ts';
import * as inspect from './network/inspect.ts';
import * as ls from './network/ls.ts';
import * as prune from './network/prune.ts';
import * as rm from './network/rm.ts';

export function register(parent: Command): void {
  const group = parent.command('network').summary('manage networks').description('Manage networks.');
  for (const command of [connect, create, disconnect, inspect, ls, prune, rm]) command.register(group);
}
