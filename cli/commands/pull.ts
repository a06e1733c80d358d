import type { Command } from 'commander';
import type { Engine } from '../../ts/engine.ts';
import {
  canonicalReference,
  familiarName,
  familiarReference,
  parseReference,
  type Reference,
  withTag,
} from '../../ts/oci/reference.ts';
import type { Platform } from '../../ts/oci/types.ts';
import { openEngine } from '../engine.ts';
import { platform } from '../flags/values.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';
import { pullProgress } from '../output/progress.ts';

interface PullFlags {
  allTags?: true;
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
    .option('-a, --all-tags', 'fetch all images of the repository')
    .option('-q, --quiet', 'print nothing but the name of the image')
    .option('--platform <os/arch[/variant]>', 'variant of a multi-platform image', platform)
    .addHelpText(
      'after',
      '\nMirrors and registries without TLS are set in /etc/rcx/config.json and ~/.config/rcx/config.json:\n' +
        '  {"registries": {"docker.io": {"mirrors": ["https://mirror.example"]}}}\n' +
        'Logins are those of rcx login and docker login: ~/.docker/config.json.',
    )
    .action(action);
}

async function action(text: string, flags: PullFlags, command: Command): Promise<void> {
  if (flags.allTags) return pullAllTags(text, flags, command);
  const reference = parseReference(text);
  if (!flags.quiet && reference.tag !== undefined && !text.endsWith(`:${reference.tag}`)) {
    print(`Using default tag: ${reference.tag}`);
  }
  const engine = openEngine();
  try {
    await pullOne(engine, reference, flags);
    print(canonicalReference(reference));
  } finally {
    await engine.close();
  }
}

/** One that fails is reported and the others are still pulled; the name is printed when all are there. */
async function pullAllTags(text: string, flags: PullFlags, command: Command): Promise<void> {
  const engine = openEngine();
  try {
    const { allTags, naming } = await import('../../ts/image/allTags.ts');
    const { repository, tags } = await allTags(engine, text);
    const all = await forEach(command, tags, async (tag) => {
      const reference = withTag(repository, tag);
      await pullOne(engine, reference, flags).catch((error: unknown) => {
        throw naming(reference, error);
      });
    });
    if (all) print(`${repository.registry}/${repository.repository}`);
  } finally {
    await engine.close();
  }
}

/** Docker's lines of one image. */
async function pullOne(engine: Engine, reference: Reference, flags: PullFlags): Promise<void> {
  const quiet = flags.quiet ?? false;
  const { tag, digest, repository, registry } = reference;
  if (!quiet)
    print(`${digest ?? tag}: Pulling from ${registry === 'docker.io' ? repository : familiarName(reference)}`);
  const progress = pullProgress(quiet);
  const { pullImage } = await import('../../ts/image/pullImage.ts');
  const result = await pullImage(engine, reference, { platform: flags.platform, onEvent: progress.onEvent });
  progress.finish();
  if (quiet) return;
  const status = result.changed ? 'Downloaded newer image for' : 'Image is up to date for';
  print(`Digest: ${result.digest}`);
  print(`Status: ${status} ${familiarReference(reference)}`);
}
