import { inject } from 'vitest';
import { pushImage } from './push.ts';
import { TarBuilder } from './tarBuilder.ts';

/** The registry of the end-to-end tests, as {@link pushImage} wants it. */
function testRegistry() {
  const { registry: host } = inject('e2e');
  return { host, url: `http://${host}`, login: undefined, root: '', close: async () => undefined };
}

/** Layers with some hundred small files, which are pulled in less time than rcx takes to start. */
function layers(content: string, files: number): Buffer[] {
  return ['base', 'middle', 'top'].map((name) => {
    const tar = new TarBuilder().directory(name);
    for (let i = 0; i < files; i++)
      tar.file(`${name}/${i}`, `${name} ${name === 'top' ? content : ''} ${i}\n`.repeat(50));
    return tar.build();
  });
}

/**
 * Puts an image of three small layers into the registry, as `NAME:TAG` of Docker Hub; all of them have two layers in common.
 * @param content makes its last layer another than those of the others
 * @param files so many in each layer
 */
export async function publishSmall(name: string, tag: string, content: string, files = 100): Promise<void> {
  await pushImage(testRegistry(), `library/${name}`, tag, layers(content, files));
}
