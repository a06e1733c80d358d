import { Writable } from 'node:stream';
import type { Engine as Core } from '../../engine.ts';
import { isOutside } from '../../rootless/caller.ts';
import type { ArgsOf, OperationName, ResultOf } from './index.ts';
import { asBuffers, type Bytes, type Io, type Operation } from './io.ts';

/** What a caller gives an operation. */
type Given = { [K in keyof Io]?: (K extends 'input' ? Bytes : Io[K]) | undefined };

/** Does something that touches files of images, containers or volumes, where they can be reached. */
export async function perform<N extends OperationName>(
  core: Core,
  name: N,
  args: ArgsOf<N>,
  io: Given = {},
): Promise<ResultOf<N>> {
  const { signal = new AbortController().signal, onEvent = () => undefined, input = [], output = nowhere() } = io;
  const whole: Io = { signal, onEvent, input: asBuffers(input), output };
  if (isOutside()) {
    const { performInside } = await import('../inside/call.ts');
    return await performInside(core, name, args, whole, { hasInput: io.input !== undefined });
  }
  const { OPERATIONS } = await import('./index.ts');
  // The table has each name with its own arguments; the compiler does not follow it through the key.
  const operation = OPERATIONS[name] as unknown as Operation<ArgsOf<N>, ResultOf<N>>;
  return await operation(core, args, whole);
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
