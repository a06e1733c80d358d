/** Writes a line to stderr. */
export function warn(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Docker's warning where a variable hides the logins that a command is about. */
export function warnOfVariable(): void {
  if (!process.env.DOCKER_AUTH_CONFIG) return;
  warn('\n Warn -> DOCKER_AUTH_CONFIG is set and takes precedence.');
  warn('         Unset DOCKER_AUTH_CONFIG to restore the CLI auth behaviour.\n');
}
