import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createContainer } from '../../ts/container/create.ts';
import { AttachedContainer } from '../../ts/container/launch.ts';
import { Engine } from '../../ts/engine.ts';
import { newStore, type Store } from '../support/cli.ts';
import { extendImage } from '../support/registryImages.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

/** On top of Debian's one. */
const LAYERS = 124;

/** Adds one file, rewrites another, and from the tenth on deletes what the tenth below it added. */
function tinyLayer(number: number): Buffer {
  const tar = new TarBuilder().directory('tall').file('tall/top', `${number}\n`).file(`tall/${number}`, `${number}\n`);
  return (number > 10 ? tar.file(`tall/.wh.${number - 10}`) : tar).build();
}

let store: Store;
beforeAll(async () => {
  const tars = Array.from({ length: LAYERS }, (_, index) => tinyLayer(index + 1));
  await extendImage(inject('e2e').registry, 'library/ubuntu', ['latest', 'tall'], tars);
  store = await newStore({ images: true });
});
afterAll(() => store.close());

describe(`an image of ${LAYERS + 1} layers`, () => {
  it('is pulled and run', async () => {
    const script =
      'cat /tall/top; ls -v /tall | xargs; echo new > /tall/top; cat /tall/top; grep -c bookworm /etc/os-release';
    const output = await store.ok(['run', '--rm', '-q', 'ubuntu:tall', 'sh', '-c', script]);
    const left = Array.from({ length: 10 }, (_, index) => LAYERS - 9 + index).join(' ');
    expect(output).toMatch(new RegExp(`^${LAYERS}\n${left} top\nnew\n[1-9]\n$`));
    const [{ RootFS }] = JSON.parse(await store.ok(['image', 'inspect', 'ubuntu:tall']));
    expect(RootFS.Layers).toHaveLength(LAYERS + 1);
  });

  it('runs through the mount call of older kernels too, which takes one page of options', async () => {
    const engine = new Engine({ root: store.root, run: store.env.RCX_RUN });
    const image = engine.images.find('ubuntu:tall');
    const stored = await createContainer(engine, { image, reference: 'ubuntu:tall' }, { command: ['true'] });
    Object.assign(stored.config.request.rcx.overlay ?? {}, { api: 'legacy' });
    const container = await AttachedContainer.launch(engine, stored, { stdin: 'null', stdout: 'null', stderr: 'null' });
    const exit = container.wait();
    await container.start();
    expect(await exit).toMatchObject({ exitCode: 0 });
    const [inspected] = JSON.parse(await store.ok(['inspect', stored.config.id]));
    expect(inspected).toMatchObject({ OverlayApi: 'mount' });
  });
});
