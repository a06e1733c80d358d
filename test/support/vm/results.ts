/** How one check in the machine ended. */
export interface CheckResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** From the lines that `test/vm/guest/lib.sh` writes to the serial port. */
export function parseResults(text: string): { results: Record<string, CheckResult>; finished: boolean } {
  const lines = text.split(/\r?\n/);
  const results = lines.flatMap((line): [string, CheckResult][] => {
    const [, name = '', exitCode, out = '', err = ''] = /^(\S+) (\d+) (\S*) (\S*)$/.exec(line) ?? [];
    if (exitCode === undefined) return [];
    return [[name, { exitCode: Number(exitCode), stdout: decode(out), stderr: decode(err) }]];
  });
  return { results: Object.fromEntries(results), finished: lines.includes('end') };
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
