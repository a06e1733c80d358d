import type { Engine } from '../engine.ts';
import { type ExecOptions, ExecProcess } from './exec.ts';
import { notATerminal } from './foreground.ts';
import { forwardSignals } from './signalForwarding.ts';
import { connectTerminal } from './terminal.ts';

/** Runs a program in a container, connected to this process' own streams; returns its exit code. */
export async function execInForeground(
  engine: Engine,
  text: string,
  options: ExecOptions,
  interactive: boolean,
): Promise<number> {
  const terminal = options.tty === true;
  if (terminal && interactive && !process.stdin.isTTY) throw notATerminal();
  const stdin = interactive ? 'inherit' : 'null';
  const program = await ExecProcess.prepare(engine, text, options, { stdin, stdout: 'inherit', stderr: 'inherit' });
  const exit = program.wait();
  // Its failure is that of the start, which is awaited first.
  exit.catch(() => undefined);
  const release = terminal ? connectTerminal(program, interactive) : () => undefined;
  // On its way while this process gets ready to take signals for it.
  const started = program.start();
  const stopForwarding = forwardSignals(program);
  try {
    await started;
    return (await exit).exitCode;
  } finally {
    stopForwarding();
    release();
  }
}

/** Runs a program in a container and leaves it there. */
export async function execDetached(engine: Engine, text: string, options: ExecOptions): Promise<void> {
  const stdio = { stdin: 'null', stdout: 'null', stderr: 'null' } as const;
  const program = await ExecProcess.prepare(engine, text, { ...options, tty: false }, stdio);
  await program.start();
}
