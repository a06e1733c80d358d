import type { Command } from 'commander';
import * as commit from './commit.ts';
import * as inspect from './container/inspect.ts';
import * as layers from './container/layers.ts';
import * as prune from './container/prune.ts';
import * as diff from './diff.ts';
import * as exportContainer from './export.ts';
import * as ps from './ps.ts';
import * as rm from './rm.ts';
import * as run from './run.ts';

export function register(parent: Command): void {
  const group = parent.command('container').summary('manage containers').description('Manage containers.');
  run.register(group);
  ps.register(group, 'ls');
  inspect.register(group);
  layers.register(group);
  diff.register(group);
  commit.register(group);
  exportContainer.register(group);
  rm.register(group);
  prune.register(group);
}
