import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { beforeAll, expect, it } from 'vitest';
import { type Engine, isRcxError, RunError, run } from '../../../ts/index.ts';
import { packageRoot } from '../../../ts/native/index.ts';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({ root: true }, 'run', () => {
  const folder = scratchDirectory();
  let engine: Engine;
  beforeAll(async () => {
    engine = await engineWithImage(folder);
  });

  const containers = () => readdirSync(join(folder, 'root/containers')).filter((name) => /^[0-9a-f]{64}$/.test(name));

  it('gives what a program writes, and how it ended', async () => {
    const result = await engine.run(IMAGE, ['sh', '-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toEqual({
      ...{ exitCode: 3, stdout: 'out\n', stderr: 'err\n', durationMs: expect.any(Number) },
      ...{ timedOut: false, isCanceled: false, isMaxBuffer: false, oomKilled: false },
    });
    expect(containers()).toEqual([]);
  });

  it('tells a signal', async () => {
    const result = await engine.run(IMAGE, ['sh', '-c', 'kill -KILL $$; sleep 5'], { init: true });
    // Of the init, which has passed it on as a shell does.
    expect(result).toMatchObject({ exitCode: 137 });
    expect(result.signal).toBeUndefined();
    const killed = await engine.run(IMAGE, ['sleep', '60'], { timeout: 50, reject: false });
    expect(killed).toMatchObject({ exitCode: 137, signal: 'SIGKILL', timedOut: true, isCanceled: false });
  });

  it('gives bytes where they are asked for', async () => {
    const { stdout } = await engine.run(IMAGE, ['printf', '\\377\\000\\001'], { encoding: 'buffer' });
    expect(stdout).toEqual(Buffer.from([255, 0, 1]));
  });

  it.each([
    ['text', { input: 'a\nb\n' }],
    ['bytes', { input: Buffer.from('a\nb\n') }],
    ['a stream', { stdin: Readable.from(['a\n', 'b\n']) }],
  ])('gives a program its input: %s', async (_, options) => {
    const { stdout } = await engine.run(IMAGE, ['sort', '-r'], options);
    expect(stdout).toBe('b\na\n');
  });

  it('does not mind a program that reads none of much input', async () => {
    const result = await engine.run(IMAGE, ['true'], { input: 'x'.repeat(10_000_000) });
    expect(result.exitCode).toBe(0);
  });

  it('sets environment, directory, user, groups, limits and mounts', async () => {
    const { stdout } = await engine.run(
      IMAGE,
      ['sh', '-c', 'echo "$A|$B|$(pwd)|$(id -u):$(id -g)|$(id -G)|$(ulimit -n)|$(cat /in/file)|$(touch /in/x 2>&1)"'],
      {
        env: { A: 'one', B: 'two words', GONE: undefined },
        ...{ cwd: '/tmp', user: '1000:1001', groups: [7], ulimits: { nofile: 99 } },
        mounts: [{ source: join(packageRoot, 'LICENSE'), target: '/in/license', readOnly: true }, '/in'],
      },
    );
    expect(stdout).toMatch(/^one\|two words\|\/tmp\|1000:1001\|1001 7\|99\|\|/);
  });

  it('limits memory, and says so when the kernel kills for it', async () => {
    const result = await engine.run(IMAGE, ['tail', '/dev/zero'], { memory: '16m', memorySwap: '16m' });
    expect(result).toMatchObject({ exitCode: 137, signal: 'SIGKILL', oomKilled: true });
  });

  it('gives a terminal with both outputs in one', async () => {
    const { stdout, stderr } = await engine.run(IMAGE, ['sh', '-c', 'read x; stty size >&2; echo $x'], {
      tty: true,
      input: 'x\n',
    });
    expect(stdout).toBe('x\r\n0 0\r\nx\r\n');
    expect(stderr).toBe('');
  });

  it('runs in a directory that is no image', async () => {
    const failure = engine.run({ rootfs: folder }, ['true']);
    await expect(failure).rejects.toMatchObject({ code: 'ERR_RCX_EXEC_NOT_FOUND', exitCode: 127 });
  });

  it('ends a program that has no more time, with all that it wrote by then', async () => {
    const error = await engine.run(IMAGE, ['sh', '-c', 'echo so far; sleep 60'], { timeout: 400 }).catch((e) => e);
    expect(error).toBeInstanceOf(RunError);
    expect(error).toMatchObject({ code: 'ERR_RCX_TIMEOUT', timedOut: true, exitCode: 137, stdout: 'so far\n' });
    expect(containers()).toEqual([]);
  });

  it('ends a program that writes too much', async () => {
    const options = { maxBuffer: 1000, reject: false } as const;
    const result = await engine.run(IMAGE, ['yes'], options);
    expect(result).toMatchObject({ isMaxBuffer: true, exitCode: 137, stdout: 'y\n'.repeat(500) });
    await expect(engine.run(IMAGE, ['yes'], { maxBuffer: 0 })).rejects.toMatchObject({ code: 'ERR_RCX_MAX_BUFFER' });
  });

  it('ends a program that is aborted, and makes none that was aborted before', async () => {
    const abort = new AbortController();
    const running = engine.run(IMAGE, ['sleep', '60'], { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(running).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED', isCanceled: true });
    await expect(engine.run(IMAGE, ['true'], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_RCX_ABORTED',
    });
    expect(containers()).toEqual([]);
  });

  it.each([
    [['no-such-program'], 'ERR_RCX_EXEC_NOT_FOUND', 127],
    [['/tmp'], 'ERR_RCX_EXEC_NOT_EXECUTABLE', 126],
  ])('tells what cannot be run: %j', async (command, code, exitCode) => {
    const error = await engine.run(IMAGE, command).catch((e) => e);
    expect(error).toBeInstanceOf(RunError);
    expect(error).toMatchObject({ code, exitCode, stdout: '', stderr: '', durationMs: expect.any(Number) });
    expect(error.step).toBeTruthy();
    expect(containers()).toEqual([]);
  });

  it('tells of an image that is not there, with what to do', async () => {
    const error = await engine.run('localhost/no-such', ['true'], { pull: 'never' }).catch((e) => e);
    expect(isRcxError(error, 'ERR_RCX_IMAGE_NOT_FOUND')).toBe(true);
    expect(error.hint).toBeTruthy();
  });

  it('keeps a container that is not to be removed', async () => {
    const name = 'kept';
    await engine.run(IMAGE, ['sh', '-c', 'echo kept >/file'], { name, autoRemove: false });
    const kept = await engine.containers.get(name);
    expect((await kept.inspect()).State).toMatchObject({ Status: 'exited', ExitCode: 0 });
    await kept.remove();
    expect(containers()).toEqual([]);
  });

  it('runs many at once', async () => {
    const numbers = Array.from({ length: 40 }, (_, at) => at);
    const results = await Promise.all(numbers.map((at) => engine.run(IMAGE, ['sh', '-c', `echo ${at}; exit ${at}`])));
    expect(results.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(numbers.map((at) => [at, `${at}\n`]));
    expect(containers()).toEqual([]);
  });

  it('runs in worker threads', async () => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.module).then(async ({ Engine }) => {
        const engine = new Engine(workerData.options);
        for (let round = 0; round < 5; round++) {
          const { stdout } = await engine.run(workerData.image, ['echo', String(round)]);
          parentPort.postMessage(stdout);
        }
      });`;
    const options = { root: join(folder, 'root'), run: join(folder, 'run'), config: { defaultNetwork: 'none' } };
    const workerData = { module: join(packageRoot, 'dist/index.mjs'), options, image: IMAGE };
    const outputs = await Promise.all(
      [1, 2, 3].map(async () => {
        const worker = new Worker(code, { eval: true, workerData });
        const heard: string[] = [];
        worker.on('message', (text) => heard.push(text));
        await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
        return heard;
      }),
    );
    expect(outputs).toEqual(Array(3).fill(['0\n', '1\n', '2\n', '3\n', '4\n']));
  });

  it('has a default engine', async () => {
    await expect(run('localhost/no-such', [], { pull: 'never', network: 'none' })).rejects.toMatchObject({
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
    });
  });
});
