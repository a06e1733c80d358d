// A process that pulls: pullProcess LAYOUT ROOT NAME [MILLISECONDS before each piece of a blob]. Tells its layers' events.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reference } from '../../ts/oci/reference.ts';
import type { Descriptor } from '../../ts/oci/types.ts';
import { LayoutSource } from './layoutSource.ts';
import { TestStore } from './pulling.ts';

const [layout = '', root = '', name = '', delay = '0'] = process.argv.slice(2);

class PacedSource extends LayoutSource {
  override async *fetchBlob(reference: Reference, descriptor: Descriptor): AsyncGenerator<Buffer> {
    for await (const chunk of super.fetchBlob(reference, descriptor)) {
      yield chunk;
      if (Number(delay) > 0) await sleep(Number(delay));
    }
  }
}

const source = new PacedSource(layout);
const image = await new TestStore(root).pull(source, name, {
  onEvent: (event) => {
    if (event.type === 'layer') process.stdout.write(`${event.status}\n`);
  },
});
process.stdout.write(`${JSON.stringify({ id: image.id, fetched: source.fetched.length })}\n`);
