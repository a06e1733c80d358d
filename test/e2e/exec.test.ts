import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgroupsOf, membersOf } from '../support/cgroups.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { descriptorsOf, endOf, ready, removeAll, stateOf } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';
import { IS_USER } from '../support/rootOnly.ts';

let store: Store;
let box: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  const flags = ['--name', 'box', '-e', 'OWN=of the container', '-w', '/srv'];
  if (!IS_USER) flags.push('--pids-limit', '50');
  box = await ready(store, flags);
});
afterAll(async () => {
  await removeAll(store);
  await store.close();
});

const exec = (...words: string[]) => store.rcx(['exec', ...words]);
const output = (...words: string[]) => store.ok(['exec', ...words]);

describe('rcx exec', () => {
  it('runs a program beside the container’s own, with its streams apart', async () => {
    const outcome = await exec('box', 'sh', '-c', 'echo out; echo err >&2; exit 3');
    expect(outcome).toEqual({ exitCode: 3, signal: undefined, stdout: 'out\n', stderr: 'err\n' });
  });

  it.each([
    ['true', 0],
    ['false', 1],
    ['kill -KILL $$', 137],
    ['kill -TERM $$', 143],
    ['exit 125', 125],
  ])('ends with its exit code: %s', async (script, code) => {
    expect(await exec('box', 'sh', '-c', script)).toMatchObject({ exitCode: code, stderr: '' });
  });

  it('says what cannot be run: 127 for what is not there, 126 for what is no program', async () => {
    expectFailure(await exec('box', 'no-such-program'), 127, /no-such-program/);
    expectFailure(await exec('box', '/etc/passwd'), 126, /\/etc\/passwd/);
    expectFailure(await exec('box', '/srv'), 126, /\/srv/);
    expectFailure(await exec('no-such', 'true'), 1, /no such container/);
    expectFailure(await exec('-u', 'nobody-here', 'box', 'true'), 1, /nobody-here/);
    expectFailure(await exec('--no-such-flag', 'box', 'true'), 125, /no-such-flag/);
  });

  it('has the container’s environment, -e and --env-file on top', async () => {
    const file = join(store.folder, 'env');
    writeFileSync(file, '# comment\nA=from file\nB=from file\n');
    const flags = ['--env-file', file, '-e', 'B=from flag', '-e', 'OUTSIDE'];
    const script = 'echo "$OWN|$A|$B|$OUTSIDE|$HOSTNAME|$HOME"';
    const { stdout } = await store.rcx(['exec', ...flags, 'box', 'sh', '-c', script], { env: { OUTSIDE: 'here' } });
    expect(stdout).toBe(`of the container|from file|from flag|here|${box.slice(0, 12)}|/root\n`);
  });

  it('has the container’s directory and user, or those of -w and -u', async () => {
    expect(await output('box', 'sh', '-c', 'pwd; id -un')).toBe('/srv\nroot\n');
    expect(await output('-w', '/usr', '-u', 'nobody', 'box', 'sh', '-c', 'pwd; id -un; echo $HOME')).toMatch(
      /^\/usr\nnobody\n\/nonexistent\n$/,
    );
    expect(await output('-u', '1000:7', 'box', 'sh', '-c', 'id -u; id -g')).toBe('1000\n7\n');
  });

  it('passes input on with -i, to its end, and has none without', async () => {
    const input = 'x'.repeat(300_000);
    expect((await store.rcx(['exec', '-i', 'box', 'wc', '-c'], { input })).stdout).toBe('300000\n');
    expect((await store.rcx(['exec', 'box', 'wc', '-c'], { input })).stdout).toBe('0\n');
  });

  it('gives -t a terminal of the container’s own', async () => {
    const stdout = await output('-t', 'box', 'sh', '-c', 'tty; stty size; echo $TERM; ls -l /proc/self/fd/0');
    expect(stdout).toMatch(/^\/dev\/pts\/\d\r\n24 80\r\nxterm\r\n.* -> \/dev\/pts\/\d\r\n$/);
    expectFailure(await exec('-it', 'box', 'true'), 1, /not a terminal/);
  });

  it('leaves with -d what goes on by itself', async () => {
    expect(await output('-d', 'box', 'sh', '-c', 'sleep 0.3; echo done > /detached')).toBe('');
    await waitUntil(async () => (await exec('box', 'cat', '/detached')).stdout === 'done\n');
    expectFailure(await exec('-d', 'box', 'no-such-program'), 127, /no-such-program/);
  });

  it('passes signals on', async () => {
    const script = 'trap "echo got; exit 7" TERM; echo ready; while :; do sleep 0.05; done';
    const running = store.start(['exec', 'box', 'sh', '-c', script]);
    await new Promise((resolve) => running.stdout.once('data', resolve));
    running.kill('SIGTERM');
    expect(await running).toMatchObject({ exitCode: 7, stdout: 'ready\ngot\n' });
  });
});

/** Everything that confines a process. */
const CONFINEMENT = `grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/$PID/status; cat /proc/$PID/cgroup;
  cat /proc/$PID/limits /proc/$PID/oom_score_adj; ls -l /proc/$PID/ns | sed 's/.* -> //'; readlink /proc/$PID/root`;

describe('what is executed', () => {
  it('is confined as the container’s own program', async () => {
    const of = (pid: string) => output('box', 'sh', '-c', `PID=${pid}; ${CONFINEMENT}`);
    const [own, executed] = [await of('1'), await of('$$')];
    expect(executed).toBe(own);
    expect(own).toMatch(/Seccomp:\t2/);
    // And on the host it is in the same cgroups, not only in ones that look alike from inside.
    const sleeper = store.start(['exec', 'box', 'sh', '-c', 'echo ready; exec sleep 300']);
    await new Promise((resolve) => sleeper.stdout.once('data', resolve));
    for (const cgroup of cgroupsOf(box)) expect(membersOf(cgroup).length, cgroup).toBeGreaterThanOrEqual(2);
    await output('box', 'sh', '-c', 'pkill -KILL -f "^sleep 300"');
    expect(await sleeper).toMatchObject({ exitCode: 137 });
  });

  it('has no descriptor of the host, and cannot be traced into', async () => {
    expect(await output('box', 'sh', '-c', 'ls /proc/self/fd | wc -l; readlink /proc/self/exe')).toMatch(
      /^[45]\n\/usr\/bin\//,
    );
  });

  it('has with --privileged all capabilities and no filter', async () => {
    const script = "grep -E '^(CapEff|CapBnd|Seccomp):' /proc/self/status";
    const plain = await output('box', 'sh', '-c', script);
    const privileged = await output('--privileged', 'box', 'sh', '-c', script);
    expect(plain).toMatch(/CapEff:\t00000000a80425fb\n.*\nSeccomp:\t2\n/);
    // As many as this process could give.
    const [, own] = /^CapBnd:\t(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    // In a user namespace there are all that the kernel has.
    const all = (2n ** (BigInt(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')) + 1n) - 1n).toString(16);
    const most = IS_USER ? all.padStart(16, '0') : own;
    expect(privileged).toBe(`CapEff:\t${most}\nCapBnd:\t${most}\nSeccomp:\t0\n`);
  });

  it('leaves nothing: no process, no descriptor of the monitor, no zombie', async () => {
    const monitor = stateOf(store, box).owner.pid;
    const before = descriptorsOf(monitor);
    for (let round = 0; round < 10; round++) await output('box', 'sh', '-c', '(exit 3); echo');
    await exec('box', 'no-such-program');
    expect(descriptorsOf(monitor)).toBe(before);
    // PID 1 and its child.
    await waitUntil(() => cgroupsOf(box).every((cgroup) => membersOf(cgroup).length <= 2));
  });
});

describe('exec and the container’s end', () => {
  it('ends with the container, as if it was killed', async () => {
    const id = await ready(store, []);
    const running = store.start(['exec', id, 'sh', '-c', 'echo ready; exec sleep 300']);
    await new Promise((resolve) => running.stdout.once('data', resolve));
    await store.ok(['stop', id]);
    expect(await running).toMatchObject({ exitCode: 137, stdout: 'ready\n' });
  });

  it('fails in one that does not run', async () => {
    const id = await ready(store, [], 'echo ready; exit 0');
    await endOf(store, id);
    expectFailure(await exec(id, 'true'), 1, /is not running; start it with: rcx start/);
    await store.ok(['create', '--name', 'made', 'ubuntu', 'true']);
    expectFailure(await exec('made', 'true'), 1, /made: it is not running/);
  });

  it('works again after a restart', async () => {
    const id = await ready(store, []);
    await store.ok(['restart', id]);
    expect(await output(id, 'echo', 'again')).toBe('again\n');
  });
});
