import type { Command } from 'commander';
import { report } from './errors.ts';

/** Docker's exit code of every command but `run` for what could not be done. */
export const FAILURE = 1;

/**
 * Does the same to each of several named things: one that fails is reported and the others are still done.
 * The exit code is {@link FAILURE} if any failed.
 * @returns whether all went well
 */
export async function forEach(
  command: Command,
  names: readonly string[],
  body: (name: string) => Promise<void> | void,
): Promise<boolean> {
  let all = true;
  const { debug = false } = command.optsWithGlobals<{ debug?: boolean }>();
  for (const name of names) {
    try {
      await body(name);
    } catch (error) {
      report(error, debug);
      process.exitCode = FAILURE;
      all = false;
    }
  }
  return all;
}
