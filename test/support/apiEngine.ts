import { join } from 'node:path';
import { Engine } from '../../ts/index.ts';

/** Programs that the containers of the API's tests run. */
const PROGRAMS =
  'sh cat cp dd echo env false head id ln ls mkdir printf pwd rm sed sleep sort stat stty tail touch tr true yes'.split(
    ' ',
  );

export const IMAGE = 'localhost/api:latest';

/** An engine of its own in a directory, whose containers have no network unless they ask for one. */
export function apiEngine(folder: string): Engine {
  const config = { registries: {}, defaultNetwork: 'none' } as const;
  return new Engine({ root: join(folder, 'root'), run: join(folder, 'run'), config });
}

/** The same with an image of this machine's programs. */
export async function engineWithImage(folder: string): Promise<Engine> {
  const engine = apiEngine(folder);
  await engine.images.fromHost(IMAGE, PROGRAMS);
  return engine;
}
