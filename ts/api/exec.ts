import { type ExecOptions, ExecProcess } from '../container/exec.ts';
import type { Engine as Core } from '../engine.ts';
import type { Streams } from './options/program.ts';
import { stdioOf } from './program.ts';
import type { Prepared } from './session.ts';

/** Makes a further program in a container ready. */
export async function prepareExec(core: Core, id: string, options: ExecOptions, streams: Streams): Promise<Prepared> {
  return await ExecProcess.prepare(core, id, options, stdioOf(streams));
}
