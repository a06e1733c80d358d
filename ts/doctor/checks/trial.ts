import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createContainer } from '../../container/create.ts';
import { AttachedContainer } from '../../container/launch.ts';
import { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { imageFromHost } from '../../image/fromHost/build.ts';
import { toRcxError } from '../../store/nativeError.ts';
import { temporaryDirectory } from '../../store/temporary.ts';
import { type Finding, missing, ok } from '../finding.ts';

const NAME = 'a container';
const IMAGE = 'localhost/doctor:latest';

/**
 * Makes an image of this machine's `true` where the store is, runs it, and removes both: what no list of features can foresee is
 * found by doing it.
 */
export async function trialFinding({ paths }: Engine): Promise<Finding> {
  try {
    mkdirSync(paths.containers, { recursive: true, mode: 0o710 });
    const temporary = temporaryDirectory(paths.containers);
    const engine = new Engine({ root: join(temporary.path, 'root'), run: join(temporary.path, 'run') });
    try {
      await imageFromHost({ paths: engine.paths }, { tag: IMAGE, programs: ['true'] });
      const begin = performance.now();
      const exitCode = await runTrue(engine);
      if (exitCode !== 0) throw failed(exitCode);
      return ok(NAME, `ran true, in ${(performance.now() - begin).toFixed(0)} ms`);
    } finally {
      await engine.close();
      await temporary.dispose();
    }
  } catch (error) {
    const { message, hint } = toRcxError(error, 'ERR_RCX_DOCTOR');
    return missing(NAME, message, 'containers cannot be run here', hint ?? 'see the findings above');
  }
}

async function runTrue(engine: Engine): Promise<number> {
  const root = { image: engine.images.find(IMAGE), reference: IMAGE };
  // A bridge would stay. Networks are tried where they leave nothing.
  const stored = await createContainer(engine, root, { command: ['true'], network: 'none', autoRemove: true });
  const container = await AttachedContainer.launch(engine, stored, { stdin: 'null', stdout: 'null', stderr: 'null' });
  const end = container.wait();
  // Its failure is that of the start, which is awaited first.
  end.catch(() => undefined);
  await container.start();
  return (await end).exitCode;
}

function failed(exitCode: number): RcxError {
  return new RcxError(`run true in a container: it ended with ${exitCode}`, {
    code: 'ERR_RCX_DOCTOR',
    step: 'run true in a container',
  });
}
