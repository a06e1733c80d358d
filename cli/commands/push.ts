import type { Command } from 'commander';
import type { Engine } from '../../ts/engine.ts';
import { canonicalReference, hasTagOrDigest, parseReference, type Reference, withTag } from '../../ts/oci/reference.ts';
import { openEngine } from '../engine.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';
import { pushProgress } from '../output/progress.ts';

interface PushFlags {
  allTags?: true;
  quiet?: true;
}

export function register(parent: Command): void {
  parent
    .command('push')
    .summary('send an image to a registry')
    .description(
      'Send an image to the registry that its name is of. What the registry has already is not sent again, and what was ' +
        'interrupted goes on where it was.',
    )
    .argument('<name>', '[registry[:port]/]repository[:tag]')
    .option('-a, --all-tags', 'send all images of the repository')
    .option('-q, --quiet', 'print nothing but the name')
    .addHelpText(
      'after',
      '\nExample:\n  rcx tag app registry.example:5000/me/app\n  rcx push registry.example:5000/me/app',
    )
    .action(action);
}

async function action(text: string, flags: PushFlags, command: Command): Promise<void> {
  const { namesToPush } = await import('../../ts/image/pushNames.ts');
  const reference = parseReference(text);
  const engine = openEngine();
  try {
    if (!flags.quiet) {
      print(`The push refers to repository [${reference.registry}/${reference.repository}]`);
      if (!flags.allTags && !hasTagOrDigest(text)) print(`Using default tag: ${reference.tag}`);
    }
    if (!flags.allTags) return await push(engine, reference, flags);
    const tags = namesToPush(engine.images.list(), text, reference);
    await forEach(command, tags, (tag) => push(engine, withTag(reference, tag), flags));
  } finally {
    await engine.close();
  }
}

async function push(engine: Engine, reference: Reference, flags: PushFlags): Promise<void> {
  const quiet = flags.quiet ?? false;
  const { pushImage } = await import('../../ts/image/push.ts');
  const progress = pushProgress(quiet);
  try {
    const { digest, size } = await pushImage(engine, reference, { onEvent: progress.onEvent });
    progress.finish();
    print(quiet ? canonicalReference(reference) : `${reference.tag}: digest: ${digest} size: ${size}`);
  } finally {
    progress.finish();
  }
}
