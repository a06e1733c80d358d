import type { Command } from 'commander';
import { tagImage } from '../../ts/image/tag.ts';
import { parseTaggedReference } from '../../ts/oci/reference.ts';
import { openEngine } from '../engine.ts';

export function register(parent: Command): void {
  parent
    .command('tag')
    .summary('give an image another name')
    .description('Give an image another name. An image that had the name stays without it.')
    .argument('<image>', 'name, id, or the start of an id')
    .argument('<name>', '[registry[:port]/]repository[:tag]')
    .action(action);
}

async function action(image: string, name: string): Promise<void> {
  await tagImage(openEngine(), image, parseTaggedReference(name));
}
