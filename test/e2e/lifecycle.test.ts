import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(async () => {
  const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await store.ok(['rm', '-f', ...ids]);
});
afterAll(() => store.close());

/** Folders of containers, finished or not. */
function folders(): string[] {
  return readdirSync(join(store.root, 'containers')).filter((name) => name !== '.names');
}

async function inspect(name: string) {
  return JSON.parse(await store.ok(['inspect', name]))[0];
}

describe('a container', () => {
  it('is kept after its end, with how it ended', async () => {
    await store.rcx(['run', '--name', 'kept', 'ubuntu', 'sh', '-c', 'exit 3']);
    expect(await inspect('kept')).toMatchObject({ Name: '/kept', State: { Status: 'exited', ExitCode: 3 } });
    expect(await store.ok(['ps', '-a'])).toMatch(/ubuntu +"sh -c exit 3" .*Exited \(3\) .* kept\n$|Exited \(3\).*kept/);
    expect(await store.ok(['ps'])).not.toContain('kept');
  });

  it('is removed at its end with --rm, however it ends', async () => {
    await store.rcx(['run', '--rm', 'ubuntu', 'true']);
    await store.rcx(['run', '--rm', 'ubuntu', 'false']);
    await store.rcx(['run', '--rm', 'ubuntu', 'no-such-program']);
    await store.rcx(['run', '--rm', '--mount', 'type=bind,source=/no/such,target=/x', 'ubuntu', 'true']);
    await store.rcx(['run', '--rm', '--init', 'ubuntu', 'sh', '-c', 'kill -9 $$']);
    expect({ folders: folders(), listed: await store.ok(['ps', '-aq']) }).toEqual({ folders: [], listed: '' });
  });

  it('is in the list while it runs, and removed with rm -f', async () => {
    const running = store.start(['run', '--name', 'runs', '--init', 'ubuntu', 'sh', '-c', 'echo ready; exec sleep 60']);
    await new Promise((resolve) => running.stdout.once('data', resolve));
    expect(await store.ok(['ps'])).toMatch(/ubuntu .* Up .* runs\n?$/);
    const state = (await inspect('runs')).State;
    expect(state).toMatchObject({ Status: 'running', Running: true });
    process.kill(state.Pid, 0);
    expect(await store.rcx(['rm', 'runs'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('runs') });
    await store.ok(['rm', '-f', 'runs']);
    expect(await running).toMatchObject({ exitCode: 137 });
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('can be one of several at once', async () => {
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    const outputs = await Promise.all(
      names.map((name) => store.ok(['run', '--rm', '--name', name, '-h', name, 'ubuntu', 'hostname'])),
    );
    expect(outputs).toEqual(names.map((name) => `${name}\n`));
  });
});

describe('--name', () => {
  it('is refused while another container has it, and free after rm', async () => {
    await store.ok(['run', '--name', 'taken', 'ubuntu', 'true']);
    const again = await store.rcx(['run', '--name', 'taken', 'ubuntu', 'true']);
    expectFailure(again, 125, /taken is already the name of [0-9a-f]{12}; .*rcx rm taken/);
    expect(folders()).toHaveLength(1);
    await store.ok(['rm', 'taken']);
    await store.ok(['run', '--name', 'taken', '--rm', 'ubuntu', 'true']);
    await store.ok(['run', '--name', 'taken', 'ubuntu', 'true']);
  });

  it('is given to exactly one of those who ask for it at the same time', async () => {
    const run = () => store.rcx(['run', '--name', 'wanted', 'ubuntu', 'echo', 'won']);
    const outcomes = await Promise.all([run(), run(), run(), run()]);
    expect(outcomes.map(({ stdout }) => stdout).sort()).toEqual(['', '', '', 'won\n']);
    expect(outcomes.map(({ exitCode }) => exitCode).sort()).toEqual([0, 125, 125, 125]);
  });

  it.each(['-x', 'a/b', '../up', 'x'.repeat(300), 'a b'])('refuses %s', async (name) => {
    expectFailure(await store.rcx(['run', `--name=${name}`, 'ubuntu', 'true']), 125, /name/);
  });
});

describe('--label and --stop-signal', () => {
  it('are kept and shown', async () => {
    const flags = ['--label', 'a=1', '-l', 'org.example.b=x=y', '--label', 'bare', '--stop-signal', 'SIGINT'];
    await store.ok(['run', '--name', 'labelled', ...flags, '--entrypoint', 'true', 'layered']);
    expect((await inspect('labelled')).Config).toMatchObject({
      Labels: { a: '1', 'org.example.b': 'x=y', bare: '', 'org.example.made-by': 'buildah' },
      StopSignal: 'SIGINT',
    });
  });

  it('refuses a signal that does not exist', async () => {
    expectFailure(await store.rcx(['run', '--stop-signal', 'SIGNAL', 'ubuntu', 'true']), 125, /SIGNAL/);
  });
});

describe('container layers', () => {
  it('lists the union from top to bottom', async () => {
    await store.ok(['run', '--name', 'listed', '--entrypoint', 'true', 'layered']);
    const lines = (await store.ok(['container', 'layers', 'listed'])).trimEnd().split('\n');
    expect(lines.map((line) => line.split(/\s+/)[1])).toEqual(['rw', ...lines.slice(1).map(() => 'ro+wh')]);
    const image = JSON.parse(await store.ok(['image', 'inspect', 'layered']))[0];
    // The read-write layer, the init layer, and those of the image.
    expect(lines).toHaveLength(2 + image.RootFS.Layers.length);
  });
});
