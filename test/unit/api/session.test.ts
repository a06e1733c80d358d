import { describe, expect, it, vi } from 'vitest';
import { deferred } from '../../../ts/api/deferred.ts';
import { RunError } from '../../../ts/api/result.ts';
import { type Prepared, Session } from '../../../ts/api/session.ts';
import type { ContainerExit } from '../../../ts/container/launch.ts';
import { RcxError } from '../../../ts/errors.ts';

const SIGTERM = 15;
const SIGKILL = 9;

/** A program whose life the test decides on. */
function program() {
  const [ready, started, ended] = [deferred<void>(), deferred<void>(), deferred<ContainerExit>()];
  const kill = vi.fn((signal: number) => ended.resolve({ exitCode: 128 + signal, signal, oomKilled: false }));
  const abandon = vi.fn(async () => undefined);
  const resize = vi.fn();
  const prepared: Prepared = {
    takePipes: () => ({}),
    start: () => started.promise,
    wait: () => ended.promise,
    ...{ kill, abandon, resize },
  };
  const prepare = async () => {
    await ready.promise;
    return prepared;
  };
  return { prepare, ready, started, ended, kill, abandon, resize };
}

const session = ({ prepare }: ReturnType<typeof program>, options: { timeout?: number; signal?: AbortSignal } = {}) =>
  new Session(prepare, () => undefined, { killSignal: SIGKILL, ...options });

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a session', () => {
  it('tells start and end', async () => {
    const life = program();
    const run = session(life);
    life.ready.resolve();
    life.started.resolve();
    await run.started;
    life.ended.resolve({ exitCode: 3, oomKilled: true });
    expect(await run.ended).toMatchObject({ exitCode: 3, oomKilled: true, timedOut: false, isCanceled: false });
  });

  it('keeps signals and sizes until there is somebody for them', async () => {
    const life = program();
    const run = session(life);
    run.kill(SIGTERM);
    run.resize(24, 80);
    life.ready.resolve();
    await turn();
    expect(life.resize).toHaveBeenCalledWith(24, 80);
    expect(life.kill).not.toHaveBeenCalled();
    life.started.resolve();
    expect(await run.ended).toMatchObject({ exitCode: 143, signal: 'SIGTERM' });
    // Over: nobody is there for it.
    run.kill(SIGTERM);
    expect(life.kill).toHaveBeenCalledTimes(1);
  });

  it('that is aborted before anything is made makes nothing', async () => {
    const prepare = vi.fn(program().prepare);
    const run = new Session(prepare, () => undefined, { killSignal: SIGKILL, signal: AbortSignal.abort() });
    await expect(run.ended).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED', isCanceled: true });
    expect(prepare).not.toHaveBeenCalled();
  });

  it('that is aborted while something is made gives it up', async () => {
    const life = program();
    const abort = new AbortController();
    const run = session(life, { signal: abort.signal });
    abort.abort();
    life.ready.resolve();
    await expect(run.ended).rejects.toBeInstanceOf(RunError);
    await expect(run.started).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
    expect(life.abandon).toHaveBeenCalled();
  });

  it('that is aborted between the start and the news of it is killed', async () => {
    const life = program();
    const abort = new AbortController();
    const run = session(life, { signal: abort.signal });
    life.ready.resolve();
    await turn();
    abort.abort();
    expect(life.kill).not.toHaveBeenCalled();
    life.started.resolve();
    expect(await run.ended).toMatchObject({ isCanceled: true, signal: 'SIGKILL' });
  });

  it('has its time from the start on', async () => {
    const life = program();
    const run = session(life, { timeout: 30 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    life.ready.resolve();
    life.started.resolve();
    await run.started;
    expect(life.kill).not.toHaveBeenCalled();
    expect(await run.ended).toMatchObject({ timedOut: true, isCanceled: false, exitCode: 137 });
  });

  it('that could not be made says why, with all that a result has', async () => {
    const failure = new RcxError('make it: no', { code: 'ERR_RCX_EXEC_NOT_FOUND', step: 'make it', hint: 'do not' });
    const prepare = () => Promise.reject(failure);
    const run = new Session(prepare, () => undefined, { killSignal: SIGKILL });
    await expect(run.ended).rejects.toMatchObject({
      ...{ message: 'make it: no', code: 'ERR_RCX_EXEC_NOT_FOUND', step: 'make it', hint: 'do not', exitCode: 127 },
      ...{ stdout: '', stderr: '', timedOut: false, durationMs: expect.any(Number) },
    });
  });

  it('has an exit code for an end that nobody has seen', async () => {
    const life = program();
    const run = session(life);
    life.ready.resolve();
    life.started.resolve();
    await run.started;
    life.ended.resolve({ oomKilled: false } as ContainerExit);
    expect(await run.ended).toMatchObject({ exitCode: 255 });
  });
});
