import type { Command } from 'commander';
import * as attach from './attach.ts';
import * as commit from './commit.ts';
import * as inspect from './container/inspect.ts';
import * as layers from './container/layers.ts';
import * as prune from './container/prune.ts';
import * as cp from './cp.ts';
import * as create from './create.ts';
import * as diff from './diff.ts';
import * as exec from './exec.ts';
import * as exportContainer from './export.ts';
import * as kill from './kill.ts';
import * as logs from './logs.ts';
import * as pause from './pause.ts';
import * as ps from './ps.ts';
import * as restart from './restart.ts';
import * as rm from './rm.ts';
import * as run from './run.ts';
import * as start from './start.ts';
import * as stop from './stop.ts';
import * as unpause from './unpause.ts';
import * as wait from './wait.ts';

export function register(parent: Command): void {
  const group = parent.command('container').summary('manage containers').description('Manage containers.');
  for (const command of [run, create, start, stop, restart, kill, wait, pause, unpause]) command.register(group);
  for (const command of [logs, exec, attach]) command.register(group);
  ps.register(group, 'ls');
  inspect.register(group);
  layers.register(group);
  cp.register(group);
  diff.register(group);
  commit.register(group);
  exportContainer.register(group);
  rm.register(group);
  prune.register(group);
}
