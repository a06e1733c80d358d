import type { Command } from 'commander';
import { escapeControls } from '../../output/json.ts';
import { print } from '../../output/print.ts';

interface InspectFlags {
  verbose?: true;
  insecure?: true;
}

export function register(parent: Command): void {
  parent
    .command('inspect')
    .summary('show an image’s manifest, or its index')
    .description(
      'Show what a registry has under a name, as it is: the manifest of an image, or the index of an image for several ' +
        'platforms. Nothing is pulled.',
    )
    .argument('<reference>', '[registry[:port]/]repository[:tag][@digest]')
    .option('-v, --verbose', 'show digest, platform and bytes, too, and all manifests of an index')
    .option('--insecure', 'accept any certificate, and plain HTTP')
    .action(action);
}

async function action(reference: string, flags: InspectFlags): Promise<void> {
  const { inspectManifest } = await import('../../../ts/image/inspectManifest.ts');
  print(escapeControls(await inspectManifest(reference, flags)));
}
