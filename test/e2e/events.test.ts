import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const ACTIONS = '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}';
const past = async (...flags: string[]) =>
  (await store.ok(['events', '--since', '1h', '--until', '0s', ...flags])).trimEnd().split('\n');

describe('events', () => {
  it('tell what happens while it happens', async () => {
    const events = store.start(['events', '--format', ACTIONS], { timeout: 60_000 });
    let seen = '';
    events.stdout.on('data', (text) => {
      seen += text;
    });
    // It says nothing when it is ready: something has to happen until it is seen.
    await waitUntil(async () => {
      await store.ok(['tag', 'ubuntu', 'ready']);
      return seen.includes('image tag ready');
    });
    await store.ok(['run', '--rm', '--name', 'short', 'ubuntu', 'true']);
    const lines = ['create', 'attach', 'start', 'die', 'destroy'].map((action) => `container ${action} short`);
    await waitUntil(() => seen.includes('destroy short'));
    expect(seen.split('\n').filter((line) => line.endsWith(' short'))).toEqual(lines);
    events.kill('SIGINT');
    expect((await events).signal).toBe('SIGINT');
  });

  it('tell what has happened, of all that is done to a container', async () => {
    await store.ok(['run', '-d', '--name', 'all', '--label', 'a=b', 'ubuntu', 'sleep', '1000']);
    await store.ok(['exec', 'all', 'sh', '-c', 'exit 3']).catch(() => undefined);
    for (const action of ['pause', 'unpause']) await store.ok([action, 'all']);
    await store.ok(['kill', '-s', 'USR1', 'all']);
    await store.ok(['commit', 'all', 'committed']);
    await store.ok(['stop', '-t', '0', 'all']);
    await store.ok(['rm', 'all']);
    const actions = await past('--filter', 'container=all', '--format', '{{.Action}}');
    expect(actions).toEqual([
      ...['create', 'start', 'exec_create: sh -c exit 3', 'exec_start: sh -c exit 3', 'exec_die'],
      ...['pause', 'unpause', 'kill', 'commit', 'kill', 'kill', 'die', 'stop', 'destroy'],
    ]);
    const [line = ''] = await past('--filter', 'container=all', '--filter', 'event=create');
    expect(line).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}\S+ container create [0-9a-f]{64} \(a=b, .*image=ubuntu, .*name=all\)$/,
    );
  });

  it('tell of images', async () => {
    await store.ok(['tag', 'ubuntu', 'other:1']);
    await store.ok(['rmi', 'other:1']);
    const actions = await past('--filter', 'type=image', '--format', '{{.Action}} {{.Actor.Attributes.name}}');
    expect(actions.slice(-2)).toEqual(['tag other:1', 'untag other:1']);
  });

  it('are a line of JSON each for programs', async () => {
    const lines = await past('--format', 'json');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ scope: 'local', time: expect.any(Number) });
  });

  it('survive a line that was cut off by a full disk', async () => {
    const before = (await past()).length;
    writeFileSync(join(store.env.RCX_RUN ?? '', 'events'), '{"status":"st\n', { flag: 'a' });
    expect((await past()).length).toBe(before);
  });

  it('end when nobody reads them any more', async () => {
    const events = store.start(['events', '--since', '1h'], { timeout: 60_000 });
    await new Promise((resolve) => events.stdout.once('data', resolve));
    events.stdout.destroy();
    await waitUntil(async () => {
      await store.ok(['tag', 'ubuntu', 'unheard']);
      return events.exitCode !== null;
    });
    expect((await events).exitCode).toBe(0);
  });

  it('are refused with filters and times that are none', async () => {
    expectFailure(
      await store.rcx(['events', '--filter', 'colour=red']),
      1,
      /there is no filter "colour"; use container, image/,
    );
    expectFailure(await store.rcx(['events', '--since', 'yesterday']), 125, /--since/);
  });
});
