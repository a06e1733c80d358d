import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

describe('diff', () => {
  it('lists what a container has added, changed and deleted, as docker does', async () => {
    const script = 'mkdir -p /srv/app; echo > /srv/app/file; echo >> /etc/passwd; rm /etc/issue; echo > /tmp/x';
    await store.ok(['run', '--name', 'box', 'ubuntu', 'sh', '-c', script]);
    expect(await store.ok(['diff', 'box'])).toBe(
      'C /etc\nD /etc/issue\nC /etc/passwd\nC /srv\nA /srv/app\nA /srv/app/file\nC /tmp\nA /tmp/x\n',
    );
    const id = (await store.ok(['inspect', '-f', '{{.Id}}', 'box'])).trimEnd();
    expect(await store.ok(['container', 'diff', id.slice(0, 12)])).toBe(await store.ok(['diff', 'box']));
  });

  it('is empty for a container that only looked around', async () => {
    const look =
      'cat /etc/hosts /etc/hostname /etc/resolv.conf > /dev/null; ls -R /proc/1/ /sys/fs /dev > /dev/null 2>&1; true';
    await store.ok(['run', '--name', 'idle', 'ubuntu', 'sh', '-c', look]);
    expect(await store.ok(['diff', 'idle'])).toBe('');
  });

  it('is of the moment for a container that runs', async () => {
    const script = 'echo > /first; echo ready; while ! test -e /go; do sleep 0.05; done; exec sleep 100';
    const run = store.start(['run', '--name', 'runs', '--init', 'ubuntu', 'sh', '-c', script]);
    await new Promise((resolve) => run.stdout.once('data', resolve));
    expect(await store.ok(['diff', 'runs'])).toBe('A /first\n');
    await store.ok(['rm', '-f', 'runs']);
    await run;
  });

  it('is one line a path, whatever is in its name', async () => {
    const script = `printf x > "$(printf '/srv/a\\nb')"; printf x > "$(printf '/srv/\\033[2J')"; printf x > "$(printf '/srv/\\377')"`;
    await store.ok(['run', '--name', 'names', 'ubuntu', 'sh', '-c', script]);
    const lines = (await store.ok(['diff', 'names'])).trimEnd().split('\n');
    expect(lines).toEqual(['C /srv', 'A /srv/\\x1b[2J', 'A /srv/a\\x0ab', 'A /srv/�']);
  });

  it.each([
    [['diff', 'nobody'], 1, /no such container: nobody/],
    [['diff'], 125, /missing required argument 'container'/],
  ])('says in one line what is wrong with %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });
});
