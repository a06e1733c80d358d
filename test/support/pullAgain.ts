// A process that pulls an image again and again: pullAgain LAYOUT ROOT NAME ROUNDS. Tells of each round what was fetched.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reference } from '../../ts/oci/reference.ts';
import type { Descriptor } from '../../ts/oci/types.ts';
import { LayoutSource } from './layoutSource.ts';
import { TestStore } from './pulling.ts';

const [layout = '', root = '', name = '', rounds = '1'] = process.argv.slice(2);

/** Slow enough that others come in between. */
class SlowSource extends LayoutSource {
  override async *fetchBlob(reference: Reference, descriptor: Descriptor): AsyncGenerator<Buffer> {
    for await (const chunk of super.fetchBlob(reference, descriptor)) {
      yield chunk;
      await sleep(1);
    }
  }
}

for (let round = 0; round < Number(rounds); round++) {
  const source = new SlowSource(layout);
  const image = await new TestStore(root).pull(source, name);
  process.stdout.write(`${JSON.stringify({ id: image.id, fetched: source.fetched.length })}\n`);
  await sleep(Math.random() * 20);
}
