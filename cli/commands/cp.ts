import { isatty } from 'node:tty';
import { type Command, Option } from 'commander';
import { type CopyRequest, parseCopy } from '../../ts/container/copy/argument.ts';
import type { CopyOptions } from '../../ts/container/copy/copy.ts';
import type { ContainerPath } from '../../ts/container/copy/ends.ts';
import { RcxError } from '../../ts/errors.ts';
import { openEngine } from '../engine.ts';
import { interruptible } from '../interrupt.ts';
import { writeArchive } from '../output/archive.ts';
import { copyProgress } from '../output/copyProgress.ts';

interface CopyFlags {
  archive?: true;
  followLink?: true;
  quiet?: boolean;
}

export function register(parent: Command): void {
  parent
    .command('cp')
    .summary('copy files between a container and this machine')
    .description(
      'Copy files or folders between a container, which need not run, and this machine. One of the two paths is ' +
        'CONTAINER:PATH; - is a tar archive from stdin or to stdout.',
    )
    .argument('<source>', 'CONTAINER:PATH, a path, or -; with /. at its end the content of a folder')
    .argument('<destination>', 'CONTAINER:PATH, a path, or -')
    .option('-a, --archive', 'keep owners, file capabilities and access lists')
    .option('-L, --follow-link', 'copy what a link at the end of the source leads to, not the link')
    .option('-q, --quiet', 'show neither progress nor result; the default where stdout is no terminal')
    .addOption(new Option('--no-quiet', 'show both').hideHelp())
    .action(action);
}

async function action(source: string, target: string, { archive, followLink, quiet }: CopyFlags): Promise<void> {
  const request = parseCopy(source, target);
  const options: CopyOptions = { archive, followLink };
  // A reader that takes nothing could not be waited for; there is nothing to clean up either.
  if (request.direction === 'out' && request.target.kind === 'stream')
    return await copyToStdout(request.source, options);
  const progress = copyProgress(request.direction, quiet ?? !isatty(1));
  const { onProgress } = progress;
  try {
    const target = await interruptible((signal) => copy(request, { ...options, onProgress, signal }));
    if (target !== undefined) progress.done(target);
  } finally {
    progress.clear();
  }
}

async function copyToStdout(source: ContainerPath, options: CopyOptions): Promise<void> {
  const { copyOutArchive } = await import('../../ts/container/copy/copy.ts');
  if (isatty(1)) throw noTerminal();
  await copyOutArchive(openEngine(), source, (archive) => writeArchive('cp', archive, undefined), options);
}

/** @returns where to, unless it came from stdin */
async function copy(request: CopyRequest, options: CopyOptions): Promise<string | undefined> {
  const { copyIn, copyInArchive, copyOut } = await import('../../ts/container/copy/copy.ts');
  const engine = openEngine();
  const { source, target } = request;
  if (source.kind === 'container' && target.kind === 'local')
    return await copyOut(engine, source, target.path, options);
  if (source.kind === 'local' && target.kind === 'container') return await copyIn(engine, source.path, target, options);
  if (target.kind === 'container') await copyInArchive(engine, process.stdin, target, options);
  return undefined;
}

function noTerminal(): RcxError {
  return new RcxError('cp: an archive would go to the terminal', {
    code: 'ERR_RCX_TERMINAL_OUTPUT',
    step: 'cp',
    hint: 'redirect it to a file, or pipe it to: tar -x',
  });
}
