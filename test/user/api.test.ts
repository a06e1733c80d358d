import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { processesUsing, waitUntil } from '../support/processes.ts';
import { asUser } from '../support/user.ts';

const { user, bin, registry } = inject('e2e');
if (user === undefined) throw new Error('these are tests of an ordinary user');
const [setpriv = '', ...words] = asUser(user);
/** His installation, see `e2eSetup.ts`. */
const library = join(dirname(bin), 'app/dist/index.mjs');

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

/** Starts a program of his, which has `engine` and tells its result by `console.log`. */
function start(program: string) {
  const head = `import { Engine } from ${JSON.stringify(library)}; const engine = new Engine();`;
  const args = [...words, process.execPath, '--input-type=module', '-e', `${head}\n${program}`];
  return execa(setpriv, args, { env: store.env, extendEnv: false, reject: false });
}

async function result(program: string): Promise<unknown> {
  const { stdout, stderr, exitCode } = await start(program);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('the library of an ordinary user', () => {
  it('runs programs, without a network and with one', async () => {
    const program = (network: string) => `
      const { exitCode, stdout, stderr, oomKilled } = await engine.run('ubuntu',
        ['sh', '-c', 'id -u; cat; ls /sys/class/net; echo err >&2; exit 3'], { network: '${network}', input: 'in\\n' });
      console.log(JSON.stringify({ exitCode, stdout, stderr, oomKilled }));`;
    const same = { exitCode: 3, stderr: 'err\n', oomKilled: false };
    expect(await result(program('none'))).toEqual({ ...same, stdout: '0\nin\nlo\n' });
    expect(await result(program('bridge'))).toEqual({ ...same, stdout: '0\nin\neth0\nlo\n' });
  });

  it('gives a terminal, a time limit and an abort to one with a network, too', async () => {
    const program = `
      const options = { network: 'bridge' };
      const { stdout } = await engine.run('ubuntu', ['sh', '-c', 'test -t 0 && echo terminal'], { ...options, tty: true, input: '' });
      const late = await engine.run('ubuntu', ['sleep', '60'], { ...options, timeout: 300, reject: false });
      const aborted = await engine.run('ubuntu', ['sleep', '60'], { ...options, signal: AbortSignal.timeout(800) }).catch((e) => e);
      const wrong = await engine.run('ubuntu', ['no-such-program'], options).catch((e) => e);
      const left = await engine.containers.list({ all: true });
      console.log(JSON.stringify([stdout.trim(), late.timedOut, late.signal, aborted.code, wrong.code, wrong.exitCode, left]));`;
    expect(await result(program)).toEqual([
      ...['terminal', true, 'SIGKILL', 'ERR_RCX_ABORTED', 'ERR_RCX_EXEC_NOT_FOUND', 127],
      [],
    ]);
  });

  it('has containers that die with it, however it ends', async () => {
    const program = `
      const container = engine.spawn('ubuntu', ['sleep', '600'], { network: 'bridge' });
      await container.started;
      console.log(String((await container.inspect()).State.Pid));
      setInterval(() => undefined, 1000);`;
    const running = start(program);
    const pid = await new Promise<number>((resolve) => running.stdout?.once('data', (line) => resolve(Number(line))));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    running.kill('SIGKILL');
    await running;
    await waitUntil(() => processesUsing(store.root).every(({ pid: each }) => each !== pid));
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('pulls, commits, and reads and writes files, which belong to other ids than its own', async () => {
    const program = `
      const pulled = await engine.images.pull('ubuntu');
      const events = [];
      for await (const event of engine.images.pull('layered')) events.push(event.type);
      const box = engine.spawn('ubuntu', ['sh', '-c', 'mkdir -m 700 /d; echo mine >/d/f; chown 5:6 /d/f; sleep 600'],
        { network: 'none', detached: true });
      await box.started;
      while ((await box.exec(['test', '-O', '/d/f'])).exitCode === 0) await new Promise((r) => setTimeout(r, 50));
      const read = String(await box.files.read('/d/f'));
      await box.files.write('/d/g', 'written', { mode: 0o640 });
      const { mode } = await box.files.stat('/d/g');
      const image = await box.commit({ reference: 'localhost/made' });
      const changes = await box.changes();
      await box.remove({ force: true });
      const { stdout } = await engine.run('localhost/made', ['cat', '/d/g'], { network: 'none' });
      await engine.volumes.create({ name: 'data' });
      await engine.run('ubuntu', ['sh', '-c', 'echo kept >/data/f'], { network: 'none', mounts: ['data:/data'] });
      const kept = String(await engine.volumes.files('data').read('/f'));
      const entries = (await engine.images.files('ubuntu').list('/')).length;
      console.log(JSON.stringify([pulled.changed, events.length > 0, read, mode, image.references,
        changes.some(({ path }) => path === '/d/g'), stdout, kept, entries > 10]));`;
    const single = user.kind === 'single' ? program.replace('chown 5:6 /d/f;', '').replace(/while .*\n/, '') : program;
    expect(await result(single)).toEqual([
      ...[false, true, 'mine\n', 0o640, ['localhost/made:latest'], true, 'written', 'kept\n', true],
    ]);
  });

  it('hears what an operation inside fails with', async () => {
    const program = `
      const missing = await engine.images.pull('${registry}/no/such:image').catch((e) => e);
      const aborted = await engine.images.pull('ubuntu', { signal: AbortSignal.abort() }).catch((e) => e);
      const file = await engine.images.files('ubuntu').read('/no/such').catch((e) => e);
      console.log(JSON.stringify([missing.name, missing.code, aborted.name, file.code]));`;
    expect(await result(program)).toEqual([
      'RcxError',
      expect.stringMatching(/^ERR_RCX_/),
      expect.any(String),
      'ERR_RCX_FILE_NOT_FOUND',
    ]);
  });
});
