import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';

/** What a suite needs besides Node. */
export interface Requirements {
  root?: boolean;
  /** Programs in `PATH`. */
  commands?: readonly string[];
}

/** `describe`, skipped with the reason in its name where this machine lacks something: scripts/test prints those names. */
export function describeWith(requirements: Requirements, name: string, body: () => void): void {
  const reason = unmet(requirements);
  if (reason === undefined) describe(name, body);
  else describe.skip(`${name} (skipped: ${reason})`, body);
}

/** Why something with these requirements cannot run here; `undefined` where it can. */
export function unmet({ root = false, commands = [] }: Requirements): string | undefined {
  if (root && process.geteuid?.() !== 0) return 'needs root';
  const missing = commands.filter((command) => !isInPath(command));
  return missing.length > 0 ? `needs ${missing.join(', ')}` : undefined;
}

function isInPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
