import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { type Engine, RunError, type SpawnedContainer } from '../../../ts/index.ts';
import { packageRoot } from '../../../ts/native/index.ts';
import { engineWithImage, IMAGE } from '../../support/apiEngine.ts';
import { processesUsing, waitUntil } from '../../support/processes.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({ root: true }, 'spawn', () => {
  const folder = scratchDirectory();
  let engine: Engine;
  beforeAll(async () => {
    engine = await engineWithImage(folder);
  });
  afterEach(async () => {
    for (const { id } of await engine.containers.list({ all: true }))
      await (await engine.containers.get(id)).remove({ force: true });
  });

  const containers = () => readdirSync(join(folder, 'root/containers')).filter((name) => /^[0-9a-f]{64}$/.test(name));

  it('is there at once, with id and streams', async () => {
    const container = engine.spawn(IMAGE, ['sh', '-c', 'cat; echo done >&2']);
    expect(container.id).toMatch(/^[0-9a-f]{64}$/);
    container.stdin?.end('hello');
    const [out, err, result] = await Promise.all([
      text(container.stdout as NodeJS.ReadableStream),
      text(container.stderr as NodeJS.ReadableStream),
      container.wait(),
    ]);
    expect([out, err, result.exitCode]).toEqual(['hello', 'done\n', 0]);
    expect(containers()).toEqual([]);
  });

  it('holds a program up whose output nobody reads, and only that one', async () => {
    const slow = engine.spawn(IMAGE, ['sh', '-c', 'yes | head -c 10000000; echo end >&2']);
    await slow.started;
    expect((await engine.run(IMAGE, ['echo', 'free'])).stdout).toBe('free\n');
    let ended = false;
    void slow.wait().then(() => {
      ended = true;
    });
    await sleep(200);
    expect(ended).toBe(false);
    let length = 0;
    for await (const chunk of slow.stdout ?? []) length += chunk.length;
    expect(length).toBe(10_000_000);
    expect((await slow.wait()).exitCode).toBe(0);
  });

  it('lets a program know that nobody reads any more', async () => {
    const container = engine.spawn(IMAGE, ['sh', '-c', 'yes; echo $? >&2']);
    await once(container.stdout as NodeJS.ReadableStream, 'readable');
    container.stdout?.destroy();
    const said = await text(container.stderr as NodeJS.ReadableStream);
    expect(said).toMatch(/141|Broken pipe/);
    await container.wait();
  });

  it('is signalled, also before it runs', async () => {
    const script = 'trap "echo got; exit 7" TERM; echo ready; while :; do sleep 0.01; done';
    const container = engine.spawn(IMAGE, ['sh', '-c', script]);
    await once(container.stdout as NodeJS.ReadableStream, 'data');
    await container.kill('TERM');
    expect((await container.wait()).exitCode).toBe(7);
    const early = engine.spawn(IMAGE, ['sleep', '60']);
    await early.kill();
    expect(await early.wait()).toMatchObject({ exitCode: 137, signal: 'SIGKILL', isCanceled: false });
  });

  it('fails where it is waited for, and where its output is read', async () => {
    const wrong = () => engine.spawn(IMAGE, ['no-such-program']);
    await expect(wrong().started).rejects.toBeInstanceOf(RunError);
    await expect(wrong().wait()).rejects.toMatchObject({ code: 'ERR_RCX_EXEC_NOT_FOUND', exitCode: 127 });
    await expect(text(wrong().stdout as NodeJS.ReadableStream)).rejects.toMatchObject({
      code: 'ERR_RCX_EXEC_NOT_FOUND',
    });
    await expect(wrong().inspect()).rejects.toMatchObject({ code: 'ERR_RCX_EXEC_NOT_FOUND' });
    expect(containers()).toEqual([]);
  });

  it('is an unhandled rejection where nobody asks', async () => {
    const script = `import { Engine } from ${JSON.stringify(join(packageRoot, 'dist/index.mjs'))};
      new Engine(${JSON.stringify({ root: join(folder, 'root'), run: join(folder, 'run') })})
        .spawn('${IMAGE}', ['no-such-program'], { network: 'none' });`;
    const child = spawnProcess(process.execPath, ['--input-type=module', '-e', script]);
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(said).toContain('ERR_RCX_EXEC_NOT_FOUND');
    expect(code).toBe(1);
  });

  it('has a terminal of a size', async () => {
    const container = engine.spawn(IMAGE, ['sh', '-c', 'read x; stty size; read x; stty size'], { tty: true });
    expect(container.stderr).toBeNull();
    container.resize(100, 30);
    container.stdin?.write('\n');
    await once(container.stdout as NodeJS.ReadableStream, 'readable');
    let output = '';
    container.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await waitUntil(() => output.includes('30 100'));
    container.resize(80, 24);
    container.stdin?.write('\n');
    await waitUntil(() => output.includes('24 80'));
    expect((await container.wait()).exitCode).toBe(0);
  });

  it('is gone when it goes out of scope', async () => {
    let kept: SpawnedContainer;
    {
      await using container = engine.spawn(IMAGE, ['sleep', '60']);
      await container.started;
      kept = container;
      expect(containers()).toEqual([container.id]);
    }
    expect(containers()).toEqual([]);
    await expect(kept.wait()).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED', isCanceled: true });
  });

  it('is gone when it goes out of scope before it runs', async () => {
    {
      await using _container = engine.spawn(IMAGE, ['sleep', '60']);
    }
    expect(containers()).toEqual([]);
  });

  it('dies with this process, however that ends', async () => {
    const script = `import { Engine } from ${JSON.stringify(join(packageRoot, 'dist/index.mjs'))};
      const engine = new Engine(${JSON.stringify({ root: join(folder, 'root'), run: join(folder, 'run') })});
      const container = engine.spawn('${IMAGE}', ['sleep', '600'], { network: 'none' });
      await container.started;
      console.log((await container.inspect()).State.Pid);`;
    const child = spawnProcess(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    const pid = Number(line);
    expect(existsSync(`/proc/${pid}/root`)).toBe(true);
    child.kill('SIGKILL');
    await waitUntil(() => !existsSync(`/proc/${pid}/root`));
    expect(processesUsing(folder)).toEqual([]);
    // Whoever looks next clears up.
    expect(await engine.containers.list({ all: true })).toEqual([]);
    expect(containers()).toEqual([]);
  });

  it('goes on without this process where it is detached', async () => {
    const script = `import { Engine } from ${JSON.stringify(join(packageRoot, 'dist/index.mjs'))};
      const engine = new Engine(${JSON.stringify({ root: join(folder, 'root'), run: join(folder, 'run') })});
      const container = engine.spawn('${IMAGE}', ['sh', '-c', 'echo begun; sleep 600'], { network: 'none', detached: true });
      await container.started;
      console.log(container.id);`;
    const child = spawnProcess(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const container = await engine.containers.get(said.trim());
    expect((await container.inspect()).State.Status).toBe('running');
    const lines: string[] = [];
    for await (const { bytes } of container.logs()) lines.push(String(bytes));
    expect(lines).toEqual(['begun\n']);
    await container.stop({ timeout: 0 });
    expect(await container.wait()).toEqual({ exitCode: 137 });
    await container.remove();
  });

  it('goes on where it is detached and goes out of scope', async () => {
    let id = '';
    for (const streams of [{}, { stdout: 'pipe' }] as const) {
      {
        await using container = engine.spawn(IMAGE, ['sleep', '600'], { detached: true, ...streams });
        id = container.id;
      }
      const found = await engine.containers.get(id);
      expect((await found.inspect()).State.Status).toBe('running');
      await found.remove({ force: true });
    }
  });

  it('has streams where it is detached, too', async () => {
    const streams = { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' } as const;
    const container = engine.spawn(IMAGE, ['sh', '-c', 'cat; echo err >&2'], { detached: true, ...streams });
    container.stdin?.end('in');
    const outputs = [container.stdout, container.stderr].map((stream) => text(stream as NodeJS.ReadableStream));
    expect(await Promise.all(outputs)).toEqual(['in', 'err\n']);
    expect((await container.wait()).exitCode).toBe(0);
  });
});
