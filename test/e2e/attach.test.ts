import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { becomes, detached, endOf, logged, ready, removeAll, stateOf, written } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** Says something again and again, so that whoever attaches sees it; ends by `exit CODE` when USR1 comes. */
const TALKS = 'trap "exit 6" USR1; echo ready; while :; do echo out; echo err >&2; sleep 0.05; done';

describe('rcx attach', () => {
  it('shows the output from now on, streams apart, and ends with the container’s exit code', async () => {
    const id = await ready(store, ['--name', 'talks'], TALKS);
    const attached = store.start(['attach', 'talks']);
    await written(attached, /out\nout\n/);
    await store.ok(['kill', '-s', 'USR1', id]);
    const { exitCode, stdout, stderr } = await attached;
    expect(exitCode).toBe(6);
    expect(stdout).toMatch(/^(out\n)+$/);
    expect(stderr).toMatch(/^(err\n)+$/);
  });

  it('can be done by several at once, all of whom see all', async () => {
    const id = await ready(store, [], TALKS);
    const all = [store.start(['attach', id]), store.start(['attach', id]), store.start(['attach', id])];
    await Promise.all(all.map((each) => written(each, /out\nout\n/)));
    await store.ok(['kill', '-s', 'USR1', id]);
    expect((await Promise.all(all)).map(({ exitCode }) => exitCode)).toEqual([6, 6, 6]);
  });

  it('passes signals on, unless told not to', async () => {
    const id = await ready(store, [], 'trap "exit 7" TERM; echo ready; while :; do echo out; sleep 0.05; done');
    const quiet = store.start(['attach', '--sig-proxy=false', id]);
    await written(quiet, /out/);
    quiet.kill('SIGTERM');
    expect(await quiet).toMatchObject({ signal: 'SIGTERM' });
    expect(stateOf(store, id).status).toBe('running');
    const attached = store.start(['attach', id]);
    await written(attached, /out/);
    attached.kill('SIGTERM');
    expect(await attached).toMatchObject({ exitCode: 7 });
  });

  it('that is killed leaves the container as it is', async () => {
    const id = await ready(store, [], TALKS);
    const attached = store.start(['attach', id]);
    await written(attached, /out/);
    attached.kill('SIGKILL');
    await attached;
    expect(await store.ok(['exec', id, 'echo', 'alive'])).toBe('alive\n');
  });

  it('that reads nothing for a while holds the container up, and loses nothing', async () => {
    const script = 'read line; i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done';
    const id = await detached(store, ['-i'], script);
    const attached = store.start(['attach', id], { input: 'go\n' });
    attached.stdout.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    attached.stdout.resume();
    const { stdout, exitCode } = await attached;
    expect(exitCode).toBe(0);
    expect(stdout).toBe(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''));
  });

  it('fails where nothing runs', async () => {
    await store.ok(['create', '--name', 'made', 'ubuntu', 'true']);
    expectFailure(await store.rcx(['attach', 'made']), 1, /made: it is not running; start it with: rcx start made/);
    const id = await detached(store, [], 'exit 3');
    await endOf(store, id);
    expectFailure(await store.rcx(['attach', id]), 1, /is not running/);
    expectFailure(await store.rcx(['attach', 'no-such']), 1, /no such container/);
  });
});

describe('the input of an attached container', () => {
  it('stays open for the next with run -di', async () => {
    const id = await ready(store, ['-i'], 'echo ready; while read line; do echo "got $line"; done; echo over');
    // It is over for the one who gave it, who goes on to see output: until killed here.
    for (const word of ['one', 'two']) {
      const attached = store.start(['attach', id], { input: `${word}\n` });
      await written(attached, new RegExp(`got ${word}`));
      attached.kill('SIGKILL');
      await attached;
    }
    expect(await store.ok(['logs', id])).toBe('ready\ngot one\ngot two\n');
  });

  it('ends with the first who gives some for one that was made to be started with -i', async () => {
    const id = (await store.ok(['create', '-i', 'ubuntu', 'cat'])).trimEnd();
    await store.ok(['start', id]);
    expect(await store.rcx(['attach', id], { input: 'all\n' })).toMatchObject({ exitCode: 0, stdout: 'all\n' });
    expect(await becomes(store, id, 'exited')).toMatchObject({ exitCode: 0 });
  });

  it('is left alone with --no-stdin, and where there is none', async () => {
    const id = await ready(store, ['-i'], `${TALKS} & cat; exit 9`);
    const attached = store.start(['attach', '--no-stdin', id], { input: 'not passed on' });
    await written(attached, /out/);
    await store.ok(['kill', id]);
    expect(await attached).toMatchObject({ exitCode: 137, stdout: expect.not.stringContaining('passed') });
    const closed = await ready(store, [], TALKS);
    const other = store.start(['attach', closed], { input: 'nor this' });
    await written(other, /out/);
    await store.ok(['kill', closed]);
    expect(await other).toMatchObject({ exitCode: 137 });
    expect(await logged(store, closed, /ready/)).not.toContain('nor this');
  });
});
