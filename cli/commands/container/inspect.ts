import type { Command } from 'commander';
import { describeContainer } from '../../../ts/container/describe.ts';
import { openEngine } from '../../engine.ts';
import { templateOption } from '../../output/formatFlag.ts';
import { inspectEach } from '../../output/inspect.ts';

export function register(parent: Command): void {
  parent
    .command('inspect')
    .summary('describe containers')
    .description('Describe containers as a JSON array, with the names that Docker uses.')
    .argument('<container...>', 'names, ids, or the start of ids')
    .option('-s, --size', 'count what was written in them, SizeRw, and that with their images, SizeRootFs')
    .addOption(templateOption())
    .action(action);
}

async function action(containers: string[], flags: { size?: true }, command: Command): Promise<void> {
  const engine = openEngine();
  await inspectEach(command, containers, (name) => describeContainer(engine, name, flags));
}
