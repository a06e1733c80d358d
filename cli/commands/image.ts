import type { Command } from 'commander';
import * as history from './history.ts';
import * as fromHost from './image/fromHost.ts';
import * as inspect from './image/inspect.ts';
import * as layers from './image/layers.ts';
import * as prune from './image/prune.ts';
import * as images from './images.ts';
import * as importImage from './import.ts';
import * as load from './load.ts';
import * as pull from './pull.ts';
import * as push from './push.ts';
import * as rmi from './rmi.ts';
import * as save from './save.ts';
import * as tag from './tag.ts';

export function register(parent: Command): void {
  const group = parent.command('image').summary('manage images').description('Manage images.');
  images.register(group, 'ls');
  pull.register(group);
  push.register(group);
  tag.register(group);
  history.register(group);
  layers.register(group);
  importImage.register(group);
  save.register(group);
  load.register(group);
  fromHost.register(group);
  inspect.register(group);
  rmi.register(group, 'rm');
  prune.register(group);
}
