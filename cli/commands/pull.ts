import type { Command } from 'commander';
import { Engine } from '../../ts/engine.ts';
import { canonicalReference, familiarName, familiarReference, parseReference } from '../../ts/oci/reference.ts';
import type { Platform } from '../../ts/oci/types.ts';
import { platform } from '../flags.ts';
import { print } from '../output/print.ts';
import { pullProgress } from '../output/progress.ts';

interface PullFlags {
  quiet?: true;
  platform?: Platform;
}

export function register(parent: Command): void {
  parent
    .command('pull')
    .summary('fetch an image from a registry')
    .description(
      'Fetch an image from a registry into the store. What is there already is not fetched again, and a pull that was ' +
        'interrupted goes on where it was.',
    )
    .argument('<image>', '[registry[:port]/]repository[:tag][@digest]')
    .option('-q, --quiet', 'print nothing but the name of the image')
    .option('--platform <os/arch[/variant]>', 'variant of a multi-platform image', platform)
    .addHelpText(
      'after',
      '\nMirrors and registries without TLS are set in /etc/rcx/config.json and ~/.config/rcx/config.json:\n' +
        '  {"registries": {"docker.io": {"mirrors": ["https://mirror.example"]}}}\n' +
        'Logins are those of docker: ~/.docker/config.json.',
    )
    .action(action);
}

async function action(text: string, flags: PullFlags): Promise<void> {
  const reference = parseReference(text);
  const quiet = flags.quiet ?? false;
  if (!quiet) announce(text, reference);
  const engine = new Engine();
  const progress = pullProgress(quiet);
  try {
    const { pullImage } = await import('../../ts/image/pullImage.ts');
    const result = await pullImage(engine, reference, { platform: flags.platform, onEvent: progress.onEvent });
    progress.finish();
    if (!quiet) {
      const status = result.changed ? 'Downloaded newer image for' : 'Image is up to date for';
      print(`Digest: ${result.digest}`);
      print(`Status: ${status} ${familiarReference(reference)}`);
    }
    print(canonicalReference(reference));
  } finally {
    await engine.close();
  }
}

/** Docker's first lines: what a short name was taken for. */
function announce(text: string, reference: ReturnType<typeof parseReference>): void {
  const { tag, digest, repository, registry } = reference;
  if (tag !== undefined && !text.endsWith(`:${tag}`)) print(`Using default tag: ${tag}`);
  const from = registry === 'docker.io' ? repository : familiarName(reference);
  print(`${digest ?? tag}: Pulling from ${from}`);
}
