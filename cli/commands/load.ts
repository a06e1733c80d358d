import type { Command } from 'commander';
import { RcxError } from '../../ts/errors.ts';
import type { LoadedImage } from '../../ts/image/archive/load.ts';
import type { PullEvent } from '../../ts/image/events.ts';
import { familiarReference } from '../../ts/oci/reference.ts';
import type { Platform } from '../../ts/oci/types.ts';
import { openEngine } from '../engine.ts';
import { platform } from '../flags/values.ts';
import { interruptible } from '../interrupt.ts';
import { loadProgress } from '../output/loadProgress.ts';
import { print } from '../output/print.ts';

interface LoadFlags {
  input?: string;
  quiet?: true;
  platform?: Platform;
}

export function register(parent: Command): void {
  parent
    .command('load')
    .summary('load images from a tar archive')
    .description(
      'Load the images of a tar archive from stdin or a file: what save of rcx, docker or podman writes, or any OCI image ' +
        'layout. It may be compressed by gzip or zstd.',
    )
    .option('-i, --input <file>', 'read a file instead of stdin')
    .option('-q, --quiet', 'show no progress')
    .option('--platform <os/arch[/variant]>', 'variant of multi-platform images', platform)
    .action(action);
}

async function action({ input, quiet, platform: wanted }: LoadFlags): Promise<void> {
  if (input === undefined && process.stdin.isTTY) {
    throw new RcxError('requested load from stdin, but stdin is empty', {
      code: 'ERR_RCX_INPUT',
      step: 'load',
      hint: 'redirect stdin, or give a file with -i.',
    });
  }
  const { loadImages } = await import('../../ts/image/archive/load.ts');
  const { archiveInput } = await import('../../ts/image/archive/input.ts');
  await interruptible(async (signal) => {
    let progress = loadProgress(quiet ?? false);
    const source = input === undefined ? process.stdin : archiveInput(input);
    const onEvent = (event: PullEvent) => progress.onEvent(event);
    try {
      for await (const loaded of loadImages(openEngine(), source, { platform: wanted, signal, onEvent })) {
        progress.finish();
        progress = loadProgress(quiet ?? false);
        printLoaded(loaded);
      }
    } finally {
      progress.finish();
    }
  });
}

/** Docker's lines. */
function printLoaded({ image, names }: LoadedImage): void {
  for (const { reference, replaced } of names) {
    const name = familiarReference(reference);
    if (replaced !== undefined) {
      print(`The image ${name} already exists, renaming the old one with ID ${replaced} to empty string`);
    }
    print(`Loaded image: ${name}`);
  }
  if (names.length === 0) print(`Loaded image ID: ${image.id}`);
}
