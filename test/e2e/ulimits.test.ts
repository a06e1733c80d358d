import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { unlessSingle } from '../support/rootOnly.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const run = (flags: string[], ...command: string[]) => store.ok(['run', '--rm', ...flags, 'ubuntu', ...command]);

describe('--ulimit', () => {
  it('is what the program has, soft and hard', async () => {
    const flags = ['--ulimit', 'nofile=100:200', '--ulimit', 'core=0', '--ulimit', 'fsize=4096'];
    const limits = await run(flags, 'cat', '/proc/self/limits');
    expect(limits).toMatch(/^Max open files +100 +200 /m);
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    expect(limits).toMatch(/^Max file size +4096 +4096 /m);
  });

  it('leaves the others as they are', async () => {
    const limits = async (...flags: string[]) => (await run(flags, 'cat', '/proc/self/limits')).split('\n');
    const [plain, limited] = [await limits(), await limits('--ulimit', 'nofile=100')];
    expect(limited.filter((line) => !plain.includes(line))).toEqual([expect.stringMatching(/^Max open files/)]);
  });

  it('holds for users without a capability, for what rcx exec runs, and for health checks', async () => {
    const flags = ['-u', '1000', '--ulimit', 'nofile=64', '--health-cmd', 'ulimit -n', '--health-interval', '100ms'];
    const id = (await store.ok(['run', '-d', ...flags, 'ubuntu', 'sleep', '60'])).trim();
    expect(await store.ok(['exec', id, 'sh', '-c', 'ulimit -n; ulimit -Hn'])).toBe('64\n64\n');
    await expect
      .poll(() => store.ok(['inspect', '-f', '{{range .State.Health.Log}}{{.Output}}{{end}}', id]))
      .toMatch(/^64\\x0a/);
    const [{ HostConfig }] = JSON.parse(await store.ok(['inspect', id]));
    expect(HostConfig.Ulimits).toEqual([{ Name: 'nofile', Hard: 64, Soft: 64 }]);
    await store.ok(['rm', '-f', id]);
  });

  it.each([
    ['foo=1', /invalid ulimit type: foo/],
    ['nofile=10:5', /soft limit/],
    ['nofile=9999999999', /limit nofile to 9999999999: the most is \d+/],
  ])('%s is refused before anything is made', async (limit, message) => {
    expectFailure(await store.rcx(['run', '--ulimit', limit, 'ubuntu', 'true']), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});

describe('--group-add', () => {
  unlessSingle('adds groups of the container by name or number, to any user', async () => {
    expect(await run(['--group-add', 'audio', '--group-add', '77', '-u', '5:6'], 'id')).toBe(
      'uid=5(games) gid=6(disk) groups=6(disk),29(audio),77\n',
    );
    expect(await run(['--group-add', 'audio'], 'id', '-G')).toBe('0 29\n');
  });

  unlessSingle('holds for what rcx exec runs', async () => {
    const id = (await store.ok(['run', '-d', '--group-add', '77', 'ubuntu', 'sleep', '60'])).trim();
    expect(await store.ok(['exec', '-u', '5', id, 'id', '-G'])).toBe('60 77\n');
    expect(await store.ok(['inspect', '-f', '{{json .HostConfig.GroupAdd}}', id])).toBe('["77"]\n');
    await store.ok(['rm', '-f', id]);
  });

  it('is refused for a name that the container does not know', async () => {
    const outcome = await store.rcx(['run', '--rm', '--group-add', 'nope', 'ubuntu', 'true']);
    expectFailure(outcome, 125, /find the group nope/);
  });
});

describe('--oom-score-adj', () => {
  it('is the program’s score', async () => {
    expect(await run(['--oom-score-adj', '777'], 'cat', '/proc/self/oom_score_adj')).toBe('777\n');
    expect(await run(['--oom-score-adj=1000', '--init'], 'cat', '/proc/self/oom_score_adj')).toBe('1000\n');
  });

  it.each(['1001', '-1001', 'x'])('%s is refused', async (score) => {
    expectFailure(await store.rcx(['run', `--oom-score-adj=${score}`, 'ubuntu', 'true']), 125, /--oom-score-adj/);
  });
});
