import { type Command, Option } from 'commander';
import type { Engine } from '../../../ts/engine.ts';
import { type CheckReport, checkStore } from '../../../ts/system/check.ts';
import type { Repair } from '../../../ts/system/repair/report.ts';
import { openEngine } from '../../engine.ts';
import { printable } from '../../output/errors.ts';
import { FAILURE } from '../../output/failures.ts';
import { printJson } from '../../output/json.ts';
import { print } from '../../output/print.ts';
import { onWait } from '../../output/pruned.ts';

interface CheckFlags {
  repair?: true;
  deep?: true;
  format?: 'json';
}

export function register(parent: Command): void {
  parent
    .command('check')
    .summary('check that the store is whole')
    .description(
      'Check that everything in the store is what it was: blobs against their digests, images, layers, records of containers and volumes. ' +
        'The exit code is 1 if something is wrong. What killed commands have left is told of, and is nothing wrong.',
    )
    .option('--repair', 'mend what can be: fetch blobs again, make layers again, remove what is left over')
    .option('--deep', 'compare all files of all layers with their blobs, which takes about as long as unpacking them')
    .addOption(new Option('--format <format>', 'print JSON instead of text').choices(['json']))
    .action(action);
}

async function action({ repair, deep, format }: CheckFlags): Promise<void> {
  const engine = openEngine();
  try {
    const say = format === 'json' ? () => undefined : print;
    let report = await checkStore(engine, { deep, onWait });
    const repairs = repair && needsRepair(report) ? await repairAll(engine, report, say) : [];
    if (repairs.length > 0) report = await checkStore(engine, { deep, onWait });
    if (format === 'json') printJson({ ...report, ...(repair && { repairs }) });
    else printReport(report);
    if (report.problems.length > 0) process.exitCode = FAILURE;
  } finally {
    await engine.close();
  }
}

function needsRepair({ problems, leftovers }: CheckReport): boolean {
  return problems.length > 0 || leftovers.some(({ kind }) => kind !== 'content');
}

async function repairAll(engine: Engine, report: CheckReport, say: (line: string) => void): Promise<Repair[]> {
  for (const { message } of report.problems) say(printable(`found: ${message}`));
  const { repairStore } = await import('../../../ts/system/repair/repair.ts');
  const onRepair = ({ result, message }: Repair) => say(printable(`${result}: ${message}`));
  return await repairStore(engine, report, { onWait, onRepair });
}

function printReport({ blobs, layers, images, containers, volumes, problems, leftovers }: CheckReport): void {
  for (const { message, hint } of problems) print(printable(`${message}; ${hint}`));
  for (const { message } of leftovers) print(printable(`left over: ${message}`));
  const counts = `${blobs} blobs, ${layers} layers, ${images} images, ${containers} containers${volumes === 0 ? '' : `, ${volumes} volumes`}`;
  print(`${counts}: ${problems.length === 0 ? 'ok' : problemCount(problems.length)}`);
}

function problemCount(count: number): string {
  return count === 1 ? '1 problem' : `${count} problems`;
}
