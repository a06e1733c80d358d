import type { Command } from 'commander';
import { examine } from '../../ts/doctor/doctor.ts';
import type { Finding, FindingStatus } from '../../ts/doctor/finding.ts';
import { openEngine } from '../engine.ts';
import { printable } from '../output/errors.ts';
import { FAILURE } from '../output/failures.ts';
import { formatOption, printJson } from '../output/json.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('doctor')
    .summary('check whether this machine can run containers')
    .description(
      'Check everything that rcx uses of this machine: kernel, file system, cgroups, limits; and run a container of its own. ' +
        'What is not there is told of with what it costs and how to get it. The exit code is 1 if containers cannot run.',
    )
    .addOption(formatOption())
    .action(action);
}

async function action({ format }: { format?: 'json' }): Promise<void> {
  const engine = openEngine();
  const findings = await examine(engine);
  await engine.close();
  if (format === 'json') printJson(findings);
  else print(findingsText(findings));
  if (findings.some(({ status }) => status === 'missing')) process.exitCode = FAILURE;
}

/** A line for each, and below it what to do about it. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const count = (wanted: FindingStatus) => findings.filter(({ status }) => status === wanted).length;
  const lines = findings.flatMap(({ name, status, found, costs, fix }) => [
    printable(`${status.padEnd(7)}  ${name.padEnd(width)}  ${found}`),
    ...(costs === undefined ? [] : [printable(`${' '.repeat(9)}costs: ${costs}`)]),
    ...(fix === undefined ? [] : [printable(`${' '.repeat(9)}fix:   ${fix}`)]),
  ]);
  return [...lines, `${count('ok')} ok, ${count('reduced')} reduced, ${count('missing')} missing`].join('\n');
}
