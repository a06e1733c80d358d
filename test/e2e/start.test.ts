import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { endOf, logged, ready, removeAll, stateOf, written } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

const create = async (...words: string[]) => (await store.ok(['create', ...words])).trimEnd();

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
