import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

const SOURCE = join(import.meta.dirname, 'syscallProbe.c');
const TABLE = join(import.meta.dirname, '../../crates/core/src/security/seccomp/table.rs');

/** How calls ended, by `CONVENTION NUMBER`: `made`, `EPERM`, `ENOSYS`, `signal31`. */
export type Answers = Map<string, string>;

/** Makes a root filesystem with nothing but the probe in it, `/probe`. */
export async function probeRoot(folder: string): Promise<string> {
  for (const name of ['proc', 'sys', 'dev', 'etc', 'tmp']) mkdirSync(join(folder, name), { recursive: true });
  await execa('gcc', ['-O1', '-static', '-Wall', '-Werror', '-o', join(folder, 'probe'), SOURCE]);
  return folder;
}

export function readAnswers(output: string): Answers {
  const lines = output.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
}

/** What two lists of answers do not agree about, `CONVENTION NAME: ONE, OTHER`; a call without a name by its number. */
export function differences(one: Answers, other: Answers): string[] {
  const names = callNames();
  const found: string[] = [];
  for (const call of new Set([...one.keys(), ...other.keys()])) {
    const [convention = ''] = call.split(' ');
    const name = names.get(call);
    const [a, b] = [one.get(call), other.get(call)];
    if (a !== b) found.push(`${name === undefined ? call : `${convention} ${name}`}: ${a}, ${b}`);
  }
  return found;
}

/** Names by `CONVENTION NUMBER`, from the table that filters are made with. */
function callNames(): Map<string, string> {
  const columns = ['x86_64', 'x86', 'x32', 'aarch64', 'arm'];
  const rows = readFileSync(TABLE, 'utf8').matchAll(/\("(\w+)", \[([^\]]*)\]\)/g);
  return new Map(
    [...rows].flatMap(([, name = '', numbers = '']) =>
      numbers.split(', ').map((number, column): [string, string] => [`${columns[column]} ${number}`, name]),
    ),
  );
}
