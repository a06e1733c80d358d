import type { Command } from 'commander';
import * as fromHost from './image/fromHost.ts';
import * as inspect from './image/inspect.ts';
import * as images from './images.ts';
import * as pull from './pull.ts';
import * as rmi from './rmi.ts';

export function register(parent: Command): void {
  const group = parent.command('image').summary('manage images').description('Manage images.');
  images.register(group, 'ls');
  pull.register(group);
  fromHost.register(group);
  inspect.register(group);
  rmi.register(group, 'rm');
}
