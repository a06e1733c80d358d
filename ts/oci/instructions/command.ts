import type { ExecutionConfig } from '../types.ts';
import { execForm } from './execForm.ts';
import type { Apply, Instruction } from './instruction.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** `CMD ["program", …]`, or a command line for the config's shell. `CMD []` empties it. */
export const cmd: Apply = ({ config }, instruction) => ({ ...config, Cmd: commandLine(instruction, config) });

/**
 * As {@link cmd}; empty, it removes the entrypoint.
 *
 * A Cmd from before is the arguments of another program, so it is removed, unless a CMD that is not empty was among the
 * instructions so far (`cmdSet` of moby's `dispatchEntrypoint`). The order thus matters: `CMD b`, `ENTRYPOINT a` and
 * `ENTRYPOINT a`, `CMD b` both keep `b`, while `ENTRYPOINT a` alone runs without the Cmd that the config had.
 */
export const entrypoint: Apply = ({ config, cmdSet }, instruction) => {
  const { Entrypoint: _before, Cmd, ...rest } = config;
  const Entrypoint = instruction.rest === '' ? [] : commandLine(instruction, config);
  return {
    ...rest,
    ...(Entrypoint.length > 0 && { Entrypoint }),
    ...(cmdSet && Cmd !== undefined && { Cmd }),
  };
};

function commandLine(instruction: Instruction, { Shell }: ExecutionConfig): string[] {
  const shell = Shell === undefined || Shell.length === 0 ? DEFAULT_SHELL : Shell;
  return execForm(instruction.rest, instruction) ?? [...shell, instruction.rest];
}
