import type { Command } from 'commander';
import * as events from './events.ts';
import * as info from './info.ts';
import * as boot from './system/boot.ts';
import * as check from './system/check.ts';
import * as df from './system/df.ts';
import * as prune from './system/prune.ts';
import * as reset from './system/reset.ts';
import * as unit from './system/unit.ts';

export function register(parent: Command): void {
  const group = parent
    .command('system')
    .summary('manage the store, and what runs at the start')
    .description('Manage the store, and what runs from the start of the machine on.');
  df.register(group);
  prune.register(group);
  check.register(group);
  reset.register(group);
  events.register(group);
  boot.register(group);
  unit.register(group);
  info.register(group);
}
