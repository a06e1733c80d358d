import { Engine as Core } from '../../engine.ts';
import { toErrorData } from '../../layer/protocol.ts';
import type { OperationName } from '../operations/index.ts';
import { perform } from '../operations/perform.ts';
import type { FromInside, ToInside } from './messages.ts';

// The program that performs one operation as root of the namespace of an ordinary user, see `call.ts`.
const abort = new AbortController();

process.on('message', (message: ToInside) => {
  if (message.type === 'abort') abort.abort();
  else void answer(message);
});
// Whoever asked is gone: nobody wants the result.
process.on('disconnect', () => abort.abort());

async function answer({ name, args, config }: Extract<ToInside, { type: 'perform' }>): Promise<void> {
  const core = new Core({ config });
  try {
    const result = await perform(core, name as OperationName, args, {
      signal: abort.signal,
      onEvent: (event) => void send({ type: 'event', event }),
      input: process.stdin,
      output: process.stdout,
    });
    await send({ type: 'done', result });
  } catch (error) {
    await send({ type: 'failed', error: toErrorData(error) });
  } finally {
    await core.close();
    process.stdin.destroy();
    process.disconnect?.();
  }
}

/** Resolves when it is on its way; whoever is gone already needs no answer. */
function send(message: FromInside): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}
