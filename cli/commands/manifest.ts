import type { Command } from 'commander';
import * as inspect from './manifest/inspect.ts';

export function register(parent: Command): void {
  const group = parent
    .command('manifest')
    .summary('look at manifests in registries')
    .description('Look at manifests in registries.');
  inspect.register(group);
}
