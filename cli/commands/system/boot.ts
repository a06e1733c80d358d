import type { Command } from 'commander';
import { startAtBoot } from '../../../ts/container/boot.ts';
import { openEngine } from '../../engine.ts';
import { report } from '../../output/errors.ts';
import { FAILURE } from '../../output/failures.ts';
import { print } from '../../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('boot')
    .summary('run the containers again that ran before the machine was restarted')
    .description(
      'Run the containers again whose restart policy says so: always, unless-stopped unless they were stopped, and on-failure if ' +
        'the machine went down while they ran. It prints their names. rcx system unit has systemd call it.',
    )
    .action(action);
}

async function action(): Promise<void> {
  const { started, failed } = await startAtBoot(openEngine());
  for (const { config } of started) print(config.name);
  for (const { error } of failed) report(error, false);
  if (failed.length > 0) process.exitCode = FAILURE;
}
