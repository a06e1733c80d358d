import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Engine as Core } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { fromErrorData } from '../../layer/protocol.ts';
import { packageRoot, runtimePath } from '../../native/index.ts';
import type { ArgsOf, OperationName, ResultOf } from '../operations/index.ts';
import type { Io } from '../operations/io.ts';
import type { FromInside, ToInside } from './messages.ts';

/**
 * Has a process in the namespace of this user do something: only root there may read and write the files of subordinate ids, and a
 * process of several threads, as Node is one, cannot enter it (user_namespaces(7)).
 * @throws what the operation throws, and ERR_RCX_ROOTLESS when that process ends without an answer
 */
export async function performInside<N extends OperationName>(
  core: Core,
  name: N,
  args: ArgsOf<N>,
  { signal, onEvent, input, output }: Io,
  { hasInput }: { hasInput: boolean },
): Promise<ResultOf<N>> {
  signal.throwIfAborted();
  const run = (await core.session()) ?? '';
  const script = join(packageRoot, 'dist', 'inside.cjs');
  const env = { ...core.env, RCX_ROOT: core.paths.root, RCX_RUN: core.paths.run };
  const child = spawn(runtimePath(), ['enter', run, process.execPath, script], {
    stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'inherit', 'ipc'],
    serialization: 'advanced',
    env,
  });
  const send = (message: ToInside) => child.send(message, () => undefined);
  const onAbort = () => send({ type: 'abort' });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const answer = new Promise<ResultOf<N>>((resolve, reject) => {
      child.on('message', (message: FromInside) => {
        if (message.type === 'event') onEvent(message.event);
        else if (message.type === 'done') resolve(message.result as ResultOf<N>);
        else reject(fromErrorData(message.error));
      });
      child.on('error', (cause) => reject(unanswered(name, cause.message, cause)));
      // All that it said has been read by then.
      child.on('disconnect', () => reject(unanswered(name, 'it has ended')));
    });
    send({ type: 'perform', name, args, config: core.settings() });
    const written = child.stdout === null ? undefined : pipeline(child.stdout, output);
    // A failure of the operation says more than that of a stream that it did not read or finish.
    const read = child.stdin === null ? undefined : pipeline(Readable.from(input), child.stdin).catch(() => undefined);
    written?.catch(() => undefined);
    const result = await answer;
    await Promise.all([written, read]);
    return result;
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (child.connected) child.disconnect();
  }
}

function unanswered(name: string, reason: string, cause?: Error): RcxError {
  const step = `${name} in the namespace of this user`;
  return new RcxError(`${step}: the process for it gave no answer: ${reason}`, {
    code: 'ERR_RCX_ROOTLESS',
    step,
    cause,
  });
}
