import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import { interrupted } from './interrupt.mjs';

/** How long a daemon may take to end after SIGTERM, in ms, before it is killed. */
const STOP_MS = 15_000;
/** How much of a failed program's stderr an error repeats, in characters. */
const REPEATED = 400;

/**
 * The environment of everything measured. With NODE_EXTRA_CA_CERTS, Node parses a certificate bundle at every start, which
 * is no part of any subject; DOCKER_* and CONTAINER* would lead the peers to other daemons than those of this run.
 */
export function cleanEnv(extra = {}) {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_|DOCKER_|CONTAINER|npm_|FORCE_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(entries), ...extra };
}

/** zx's `$` for set-up: quiet, in the clean environment, ended by an interrupt. */
export const sh = $({ quiet: true, env: cleanEnv(), signal: interrupted });

/** The same for clean-up, which an interrupt must not stop. */
export const shCleanUp = $({ quiet: true, env: cleanEnv() });

/**
 * Runs a program to its end and measures it.
 * @returns {Promise<number>} nanoseconds from before spawn until its exit is known
 * @throws when it cannot be started or does not exit with 0; the message repeats the end of its stderr
 */
export function timeProgram([command, ...args], { env = cleanEnv(), cwd } = {}) {
  return new Promise((resolve, reject) => {
    const begin = process.hrtime.bigint();
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'ignore', 'pipe'], signal: interrupted });
    let stderr = '';
    let spent = 0n;
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('exit', () => {
      spent = process.hrtime.bigint() - begin;
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Number(spent));
      else
        reject(
          new Error(
            `${command} ${args.join(' ')}: ${signal ?? `exit code ${code}`}: ${stderr.trim().slice(-REPEATED)}`,
          ),
        );
    });
  });
}

/**
 * Starts a daemon in a session of its own, so that a Ctrl-C at the terminal reaches the benchmark first, and waits until
 * `ready` answers true. It is ended, by its pid, with the scope.
 */
export async function startDaemon(scope, [command, ...args], { env = cleanEnv(), log, ready, seconds = 30 }) {
  const output = openSync(log, 'w');
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new Promise((resolve) => child.once('close', resolve));
  let failure;
  child.once('error', (error) => {
    failure = error.message;
  });
  scope.defer(`end ${command}`, () => stopDaemon(child, ended));
  for (
    const deadline = Date.now() + seconds * 1000;
    !(await ready());
    await sleep(50, undefined, { signal: interrupted })
  ) {
    failure ??= child.exitCode === null ? undefined : `ended with ${child.exitCode}`;
    if (failure === undefined && Date.now() > deadline) failure = `not ready after ${seconds} s`;
    if (failure !== undefined)
      throw new Error(`${command}: ${failure}: ${readFileSync(log, 'utf8').trim().slice(-REPEATED)}`);
  }
  return child;
}

async function stopDaemon(child, ended) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
