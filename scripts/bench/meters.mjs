import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { interrupted } from './interrupt.mjs';
import { cleanEnv, sh } from './processes.mjs';

/** How much of a failed meter's stderr an error repeats, in characters. */
const REPEATED = 400;

/** Compiles `scripts/bench/NAME.c` into this run's directory. @returns {Promise<string>} the program */
export async function compile(name, { root, dir }) {
  const program = join(dir, name);
  await sh`cc -O2 -o ${program} ${join(root, `scripts/bench/${name}.c`)}`;
  return program;
}

/**
 * Starts a program that answers each line on its stdin with the nanoseconds of what it did, and ends it with the scope.
 * @returns {() => Promise<number>} asks it once
 */
export function startMeter(scope, command, options) {
  const ask = startAnswering(scope, command, options);
  return async () => {
    const answer = await ask('');
    if (Number(answer) > 0) return Number(answer);
    throw new Error(`${command[0]}: answered ${answer}`);
  };
}

/**
 * Starts a program that answers each line on its stdin with one line, and ends it with the scope.
 * @returns {(line: string) => Promise<string>} asks it once
 */
export function startAnswering(scope, [command, ...args], { env = cleanEnv(), cwd } = {}) {
  const child = spawn(command, args, { env, cwd, stdio: 'pipe' });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once('close', resolve));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr = `${stderr}${text}`.slice(-REPEATED);
  });
  child.once('error', (error) => {
    stderr = error.message;
  });
  child.stdin.on('error', () => {}); // A meter that died is reported by its missing answer, with its stderr.
  scope.defer(`end ${command}`, async () => {
    child.stdin.end();
    await ended;
  });
  return async (line) => {
    interrupted.throwIfAborted();
    child.stdin.write(`${line}\n`);
    const { value } = await lines.next();
    if (value !== undefined) return value;
    await ended;
    throw new Error(`${command}: ${stderr.trim() || 'it has ended'}`);
  };
}

/** A meter of a command line's start → exit, in the clean environment. */
export function startCommandMeter(scope, { stopwatch }, command, options) {
  return startMeter(scope, [stopwatch, ...command], options);
}
