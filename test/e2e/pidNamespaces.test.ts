import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { becomes, endOf, expectNothingLeft, ready, removeAll, stateOf } from '../support/life.ts';
import { processesUsing, waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

const shell = (script: string, ...flags: string[]) =>
  store.ok(['run', '--rm', ...flags, 'ubuntu', 'bash', '-c', script]);

/** Processes that nobody is the parent of any more, in sessions of their own. */
const ORPHANS = 'for i in 1 2 3; do setsid sleep 1000 & done; (setsid sh -c "while :; do sleep 1; done" &)';
const WAIT = 'echo ready; exec sleep 1000';

describe('--pid host', () => {
  const HOST = ['--pid', 'host'];

  it('shows the host’s processes, and is shown among them', async () => {
    expect(await shell(`cat /proc/${process.pid}/comm`, ...HOST)).not.toBe('');
    const id = await ready(store, HOST, `echo $$; ${WAIT}`);
    expect((await store.ok(['logs', id])).split('\n')[0]).toBe(String(stateOf(store, id).process?.pid));
    expect(await store.ok(['inspect', '-f', '{{.HostConfig.PidMode}}', id])).toBe('host\n');
  });

  it.each([
    ['its program ends', 'exit 3', 3],
    ['its program is killed', 'kill -9 $$', 137],
  ])('leaves nothing behind when %s', async (_, last, code) => {
    const id = await ready(store, HOST, `${ORPHANS}; echo ready; sleep 0.2; ${last}`);
    expect(await endOf(store, id)).toBe(code);
    await expectNothingLeft(store, id);
  });

  it.each([['stop'], ['kill'], ['rm', '-f']])('leaves nothing behind after rcx %s', async (...command) => {
    const id = await ready(store, [...HOST, '--init'], `${ORPHANS}; ${WAIT}`);
    await store.ok([...command, id]);
    await expectNothingLeft(store, id, { gone: command[0] === 'rm' });
  });

  it('leaves nothing behind of one that makes new processes all the time', async () => {
    const script =
      "perl -e 'setpgrp; for (1..40) { fork or last } while (1) { fork and exit; select undef, undef, undef, 0.001 }' &";
    const id = await ready(store, [...HOST, '--pids-limit', '200'], `${script} ${WAIT}`);
    await store.ok(['kill', id]);
    await becomes(store, id, 'exited');
    await expectNothingLeft(store, id);
  });

  it('is healed when its monitor is killed', async () => {
    const id = await ready(store, HOST, `${ORPHANS}; ${WAIT}`);
    process.kill(stateOf(store, id).owner.pid, 'SIGKILL');
    await waitUntil(() => processesUsing(id).every(({ command }) => !command.startsWith('rcx-monitor')));
    expect(await store.ok(['ps', '-a', '--format', '{{.Status}}'])).toMatch(/^Exited \(unknown\)/);
    await expectNothingLeft(store, id);
    await store.ok(['start', id]);
    expect(await store.ok(['ps', '--format', '{{.Status}}'])).toMatch(/^Up/);
  });

  it('is right for exec, top, stats and pause', async () => {
    const id = await ready(store, HOST, `sleep 500 & ${WAIT}`);
    expect(await store.ok(['exec', id, 'sh', '-c', 'test $PPID != 0; readlink /proc/self/ns/pid'])).toBe(
      await store.ok(['exec', id, 'readlink', '/proc/self/ns/pid']),
    );
    const rows = (await store.ok(['top', id])).trim().split('\n').slice(1);
    expect(rows.map((row) => row.replace(/^.* (sleep \d+)$/, '$1')).sort()).toEqual(['sleep 1000', 'sleep 500']);
    expect(await store.ok(['stats', '--no-stream', '--format', '{{.PIDs}}', id])).toBe('2\n');
    await store.ok(['pause', id]);
    expect(await store.ok(['ps', '--format', '{{.Status}}'])).toMatch(/Paused/);
    await store.ok(['unpause', id]);
  });

  it('with --init has orphans reaped, too', async () => {
    const parent = (pid: string) => `sed -n "s/^PPid:\\t//p" /proc/${pid}/status`;
    const script = `orphan=$(sh -c 'sleep 0.2 >/dev/null & echo $!'); ${parent('$orphan')}; ${parent('$$')}
      sleep 0.6; test -e /proc/$orphan || echo reaped`;
    const [parentOfOrphan, own, end] = (await shell(script, ...HOST, '--init')).split('\n');
    expect(parentOfOrphan).toBe(own);
    expect(end).toBe('reaped');
  });
});

describe('--pid container:NAME', () => {
  it('is among that container’s processes', async () => {
    const id = await ready(store, ['--name', 'app'], `sleep 777 & ${WAIT}`);
    const other = ['--pid', 'container:app'];
    const list = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " < $file; echo; done | grep -x "sleep .*" | sort';
    expect(await shell(`${list}; test $$ != 1`, ...other)).toBe('sleep 1000 \nsleep 777 \n');
    expect(await shell('tr "\\0" " " < /proc/1/cmdline', ...other)).toBe('sleep 1000 ');
    const third = await ready(store, other, `${ORPHANS}; ${WAIT}`);
    expect(await store.ok(['exec', third, 'sh', '-c', 'tr "\\0" " " < /proc/1/cmdline'])).toBe('sleep 1000 ');
    expect(await store.ok(['stats', '--no-stream', '--format', '{{.PIDs}}', id])).toBe('2\n');
    expect((await store.ok(['top', id])).trim().split('\n')).toHaveLength(3);
    expect((await store.ok(['top', third])).trim().split('\n').length).toBeGreaterThan(4);
    // Only what is its own ends with it.
    await store.ok(['stop', '-t', '0', third]);
    await expectNothingLeft(store, third);
    expect((await store.ok(['top', id])).trim().split('\n')).toHaveLength(3);
  });

  it('ends with that container', async () => {
    const id = await ready(store, [], WAIT);
    const other = await ready(store, ['--pid', `container:${id}`], `${ORPHANS}; ${WAIT}`);
    await store.ok(['kill', id]);
    expect(await endOf(store, other)).toBe(137);
    await expectNothingLeft(store, other);
    await expectNothingLeft(store, id);
    const again = await store.rcx(['start', other]);
    expect(again).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/it is not running: \S+; start it with/),
    });
    await store.ok(['start', id]);
    await store.ok(['start', other]);
    expect(await store.ok(['exec', other, 'sh', '-c', 'tr "\\0" " " < /proc/1/cmdline'])).toBe('sleep 1000 ');
  });

  it('of one that does not run, or is not there, is refused before anything is made', async () => {
    const id = (await store.ok(['create', '--name', 'later', 'ubuntu', 'true'])).trim();
    const run = (mode: string) => store.rcx(['run', '--pid', mode, 'ubuntu', 'true']);
    expectFailure(await run('container:later'), 125, /later: it is not running/);
    expectFailure(await run('container:never'), 125, /never/);
    expect(await store.ok(['ps', '-aq', '--no-trunc'])).toBe(`${id}\n`);
  });
});
