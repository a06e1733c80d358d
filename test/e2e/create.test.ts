import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { becomes, detached, endOf, logged, ready, removeAll, stateOf, written } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

const create = async (...words: string[]) => (await store.ok(['create', ...words])).trimEnd();

describe('rcx create', () => {
  it('prints the id of a container whose program does not run', async () => {
    const id = await create('--name', 'made', 'ubuntu', 'echo', 'hi');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(stateOf(store, id)).toMatchObject({ status: 'created' });
    expect(await store.ok(['ps', '-q'])).toBe('');
    expect(await store.ok(['ps', '-a'])).toMatch(/"echo hi" .*Created .*made/);
  });

  it('takes the flags of run, and refuses what run refuses', async () => {
    await create(
      '--name',
      'flagged',
      '-e',
      'A=b',
      '-w',
      '/srv',
      '-u',
      '1000',
      'ubuntu',
      'sh',
      '-c',
      'echo $A $PWD; id -u',
    );
    expect(await store.ok(['start', '-a', 'flagged'])).toBe('b /srv\n1000\n');
    expectFailure(await store.rcx(['create', '--name', 'flagged', 'ubuntu']), 1, /flagged is already the name of/);
    expectFailure(await store.rcx(['create', '--pull', 'never', 'no-such']), 1, /no-such/);
    expectFailure(await store.rcx(['create', '--no-such-flag', 'ubuntu']), 125, /no-such-flag/);
  });
});

describe('rcx start', () => {
  it('runs a created container, prints what it was called, and leaves one that runs alone', async () => {
    const id = await create('--name', 'made', 'ubuntu', 'sleep', '300');
    expect(await store.ok(['start', 'made'])).toBe('made\n');
    const { process: init } = stateOf(store, id);
    expect(await store.ok(['start', id.slice(0, 12)])).toBe(`${id.slice(0, 12)}\n`);
    expect(stateOf(store, id)).toMatchObject({ status: 'running', process: init });
  });

  it('runs one again that has ended, with what it wrote', async () => {
    const script = 'echo run >> /runs; wc -l < /runs; exit 3';
    const id = await create('ubuntu', 'sh', '-c', script);
    expect(await store.rcx(['start', '-a', id])).toMatchObject({ exitCode: 3, stdout: '1\n' });
    expect(await store.rcx(['start', '-a', id])).toMatchObject({ exitCode: 3, stdout: '2\n' });
    expect(await store.ok(['logs', id])).toBe('1\n2\n');
  });

  it('starts several, the good ones also beside a bad one', async () => {
    const [one, two] = [await create('ubuntu', 'true'), await create('ubuntu', 'true')];
    const outcome = await store.rcx(['start', one, 'no-such', two]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: `${one}\n${two}\n` });
    expect(outcome.stderr).toMatch(/^rcx: .*no such container: no-such.*\n$/);
    expect([await endOf(store, one), await endOf(store, two)]).toEqual([0, 0]);
    expectFailure(await store.rcx(['start', '-a', one, two]), 125, /only one/);
  });

  it.each([
    ['no-such-program', 127],
    ['/etc/passwd', 126],
  ])('tells why %s cannot be run, and keeps it on record', async (program, code) => {
    const id = await create('ubuntu', program);
    expectFailure(await store.rcx(['start', id]), 1, new RegExp(program));
    expect(stateOf(store, id)).toMatchObject({
      status: 'created',
      exitCode: code,
      error: expect.stringContaining(program),
    });
    expectFailure(await store.rcx(['start', '-a', id]), 1, new RegExp(program));
  });

  it('is done once by eight at the same time', async () => {
    const id = await create('ubuntu', 'sh', '-c', 'echo started; exec sleep 300');
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => store.rcx(['start', id])));
    expect(outcomes.map(({ exitCode, stderr }) => `${exitCode}${stderr}`)).toEqual(Array(8).fill('0'));
    expect(await logged(store, id, /started/)).toBe('started\n');
  });
});

describe('rcx start -a and -i', () => {
  it('passes input on with -i, to its end', async () => {
    const id = await create('-i', 'ubuntu', 'sh', '-c', 'cat; echo end >&2');
    const outcome = await store.rcx(['start', '-i', id], { input: 'typed\n' });
    expect(outcome).toEqual({ exitCode: 0, signal: undefined, stdout: 'typed\n', stderr: 'end\n' });
    // Each time anew.
    expect(await store.rcx(['start', '-ai', id], { input: 'more' })).toMatchObject({ exitCode: 0, stdout: 'more' });
  });

  it('gives no input without -i, nor to a container that was made without', async () => {
    const open = await create('ubuntu', 'cat');
    expect(await store.rcx(['start', '-a', open], { input: 'lost' })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await store.rcx(['start', '-i', open], { input: 'lost' })).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('attaches to one that runs already', async () => {
    const script = 'trap "exit 4" TERM; echo ready; while :; do echo out; sleep 0.05; done';
    const id = await ready(store, ['--name', 'runs'], script);
    const attached = store.start(['start', '-a', 'runs']);
    await written(attached, /out/);
    await store.ok(['kill', '-s', 'TERM', id]);
    const { exitCode } = await attached;
    expect([exitCode, stateOf(store, id).exitCode]).toEqual([4, 4]);
  });
});

describe('rcx run -d', () => {
  it('prints the id once the program runs, and does not wait for it', async () => {
    const id = await detached(store, ['--name', 'back']);
    expect(stateOf(store, id)).toMatchObject({ status: 'running' });
    expect(await store.ok(['ps'])).toMatch(/Up .*back/);
  });

  it('fails when the program cannot be run, with run’s exit codes', async () => {
    const missing = await store.rcx(['run', '-d', '--name', 'bad', 'ubuntu', 'no-such-program']);
    expectFailure({ ...missing, stdout: '' }, 127, /no-such-program/);
    expect(await store.rcx(['run', '-d', '--rm', 'ubuntu', '/etc/passwd'])).toMatchObject({ exitCode: 126 });
    expect(await store.ok(['ps', '-aq', '--no-trunc'])).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it('keeps the output and the exit code for later', async () => {
    const id = await detached(store, [], 'echo out; echo err >&2; exit 9');
    expect(await endOf(store, id)).toBe(9);
    expect(await becomes(store, id, 'exited')).toMatchObject({ exitCode: 9 });
    expect(await store.rcx(['logs', id])).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
  });

  it('has an empty stdin without -i, and an open one with it', async () => {
    expect(await endOf(store, await detached(store, [], 'cat'))).toBe(0);
    const open = await detached(store, ['-i'], 'echo ready; cat');
    await logged(store, open, /ready/);
    expect(stateOf(store, open).status).toBe('running');
  });

  it('removes the container at its end with --rm', async () => {
    const id = await detached(store, ['--rm'], 'sleep 0.2; exit 5');
    // Nobody but who waits already can learn the code.
    await store.rcx(['wait', id]);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('works with a terminal that nobody looks at', async () => {
    const id = await detached(store, ['-t'], 'tty; stty size');
    await endOf(store, id);
    expect(await store.ok(['logs', id])).toMatch(/^\/dev\/pts\/0\r\n\d+ \d+\r\n$/);
  });

  it('outlives its children’s parents: what PID 1 leaves running is ended with it', async () => {
    const id = await detached(store, [], 'setsid sleep 300 & (sleep 300 &) ; exit 6');
    expect(await endOf(store, id)).toBe(6);
  });

  it('runs a program that closes its streams', async () => {
    const id = await detached(store, [], 'exec 0<&- 1>&- 2>&-; sleep 0.3; exit 8');
    expect(await endOf(store, id)).toBe(8);
    expect(await store.ok(['logs', id])).toBe('');
  });
});
