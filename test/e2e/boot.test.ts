import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { processesUsing, waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(async () => {
  await removeAll();
  await store.close();
});

async function removeAll(): Promise<void> {
  await store.ok(['rm', '-f', ...(await store.ok(['ps', '-aq'])).trim().split('\n')]);
}

const status = (name: string) => store.ok(['inspect', '-f', '{{.State.Status}}', name]).then((text) => text.trimEnd());

/** What is there after the machine has lost its power: no process, no runtime directory, and records of another boot. */
async function losePower(): Promise<void> {
  for (const { pid, command } of processesUsing(store.root)) {
    if (command.startsWith('rcx-monitor')) process.kill(pid, 'SIGKILL');
  }
  await waitUntil(() => processesUsing(store.root).length === 0);
  rmSync(store.env.RCX_RUN ?? '', { recursive: true });
  const containers = join(store.root, 'containers');
  for (const id of readdirSync(containers).filter((name) => /^[0-9a-f]{64}$/.test(name))) {
    const path = join(containers, id, 'state.json');
    const other = '"bootId":"00000000-0000-0000-0000-000000000000"';
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"bootId":"[^"]*"/g, other));
  }
}

describe('system boot', () => {
  it('runs what ran before, by its restart policy, and leaves the rest', async () => {
    const run = (name: string, policy: string) =>
      store.ok(['run', '-d', '--name', name, '--restart', policy, 'ubuntu', 'sleep', '1000']);
    await run('never', 'no');
    await run('always', 'always');
    await run('stopped-always', 'always');
    await run('unless', 'unless-stopped');
    await run('stopped', 'unless-stopped');
    await run('failing', 'on-failure');
    await store.ok(['create', '--name', 'created', '--restart', 'always', 'ubuntu', 'sleep', '1000']);
    await store.ok(['stop', '-t', '0', 'stopped', 'stopped-always']);
    await losePower();
    expect(await status('always')).toBe('exited');

    const started = (await store.ok(['system', 'boot'])).trimEnd().split('\n').sort();
    expect(started).toEqual(['always', 'failing', 'stopped-always', 'unless']);
    for (const name of started) expect(await status(name)).toBe('running');
    expect(await status('never')).toBe('exited');
    expect(await status('stopped')).toBe('exited');
    expect(await status('created')).toBe('created');
    // Again is no error, and starts nothing twice.
    expect(await store.ok(['system', 'boot'])).toBe('');
  });

  it('runs first what others share namespaces with', async () => {
    await removeAll();
    const run = (name: string, ...flags: string[]) =>
      store.ok(['run', '-d', '--name', name, '--restart', 'always', ...flags, 'ubuntu', 'sleep', '1000']);
    await run('donor', '--ipc', 'shareable');
    await run('joined', '--pid', 'container:donor', '--ipc', 'container:donor');
    await run('both', '--network', 'container:joined');
    await losePower();
    const started = (await store.ok(['system', 'boot'])).trimEnd().split('\n');
    expect(started).toEqual(['donor', 'joined', 'both']);
    for (const name of started) expect(await status(name)).toBe('running');
    const namespace = (name: string) => store.ok(['exec', name, 'readlink', '/proc/self/ns/pid']);
    expect(await namespace('joined')).toBe(await namespace('donor'));
  });

  it('removes what was to be removed at its end', async () => {
    await store.ok(['run', '-d', '--rm', '--name', 'gone', 'ubuntu', 'sleep', '1000']);
    await losePower();
    expect(await store.ok(['ps', '-aq', '--no-trunc'])).not.toContain('gone');
    await store.ok(['run', '--rm', '--name', 'gone', 'ubuntu', 'true']);
  });

  it('tells of what cannot run any more, and runs the others', async () => {
    await removeAll();
    const folder = join(store.folder, 'data');
    writeFileSync(folder, '');
    const policy = ['--restart', 'always'];
    await store.ok(['run', '-d', '--name', 'broken', ...policy, '-v', `${folder}:/data`, 'ubuntu', 'sleep', '1000']);
    await store.ok(['run', '-d', '--name', 'whole', ...policy, 'ubuntu', 'sleep', '1000']);
    await losePower();
    rmSync(folder);
    const boot = await store.rcx(['system', 'boot']);
    expect(boot).toMatchObject({ exitCode: 1, stdout: 'whole\n' });
    expect(boot.stderr).toMatch(/^rcx: [^\n]*data[^\n]*\n$/);
  });
});
