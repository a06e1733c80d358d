import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

/** Starts a container, sends `signal` to rcx once its program says `ready`, and waits for the end. */
async function signalled(signal: NodeJS.Signals, flags: string[], script: string) {
  const child = store.start(['run', '--rm', ...flags, 'ubuntu', 'sh', '-c', script], { timeout: 20_000 });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (!output.includes('ready') && `${output}${chunk}`.includes('ready')) child.kill(signal);
    output += chunk;
  });
  const { exitCode, signal: killedBy, stderr } = await child;
  return { exitCode, killedBy, output, stderr };
}

describe('a signal to rcx', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const)(
    'reaches the program, which decides what it means: %s',
    async (signal) => {
      const name = signal.replace('SIG', '');
      const script = `trap "echo got ${name}; exit 7" ${name}; echo ready; while :; do sleep 0.05; done`;
      const outcome = await signalled(signal, [], script);
      expect(outcome).toMatchObject({ exitCode: 7, killedBy: undefined, output: `ready\ngot ${name}\n` });
    },
  );

  it('ends a program that has no use for it, with 128 + n', async () => {
    const outcome = await signalled('SIGTERM', ['--init'], 'echo ready; exec sleep 30');
    expect(outcome).toMatchObject({ exitCode: 143, killedBy: undefined, stderr: '' });
  });

  it('does not change how a program ends that ignores it', async () => {
    const outcome = await signalled('SIGINT', [], 'trap "" INT; echo ready; sleep 0.3; echo done; exit 3');
    expect(outcome).toMatchObject({ exitCode: 3, output: 'ready\ndone\n' });
  });
});

describe('the program', () => {
  it('starts with every signal at its default and none blocked', async () => {
    // Under --init, and of a program that catches none itself.
    const status = await store.ok(['run', '--rm', '--init', 'ubuntu', 'cat', '/proc/self/status']);
    const masks = ['SigBlk', 'SigIgn', 'SigCgt'].map((name) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]);
    expect(masks).toEqual(['0000000000000000', '0000000000000000', '0000000000000000']);
  });
});

describe('--init', () => {
  it('is PID 1, and the program its child', async () => {
    const output = await store.ok(['run', '--rm', '--init', 'ubuntu', 'sh', '-c', 'echo $$ $PPID']);
    expect(output).toMatch(/^[2-9]\d* 1\n$/);
  });

  it('reaps the orphans that the program leaves', async () => {
    const script = 'for i in 1 2 3 4 5; do (sh -c "sleep 0.05 & exec true"); done; sleep 0.4; ps -eo stat= | grep -c Z';
    const { stdout } = await store.rcx(['run', '--rm', '--init', 'ubuntu', 'bash', '-c', script]);
    expect(stdout).toBe('0\n');
  });

  it('ends the container with the program, whatever else runs', async () => {
    const script = 'sleep 300 & setsid sleep 300 & exit 5';
    expect(await store.rcx(['run', '--rm', '--init', 'ubuntu', 'sh', '-c', script])).toMatchObject({ exitCode: 5 });
  });

  it('passes on the exit codes of failures', async () => {
    expect(await store.rcx(['run', '--rm', '--init', 'ubuntu', 'no-such'])).toMatchObject({ exitCode: 127 });
    expect(await store.rcx(['run', '--rm', '--init', 'ubuntu', '/etc/passwd'])).toMatchObject({ exitCode: 126 });
  });
});
