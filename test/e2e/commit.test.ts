import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { wreckage } from '../support/wreckage.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  await store.ok(['run', '--name', 'box', '-e', 'A=1', '-l', 'role=db', 'ubuntu', 'sh', '-c', 'echo new > /new']);
});
afterAll(() => store.close());

interface Inspected {
  Id: string;
  Author: string;
  Created: string;
  RepoTags: string[];
  Config: Record<string, unknown> & { Env: string[] };
  RootFS: { Layers: string[] };
}

async function inspect(image: string): Promise<Inspected> {
  const [found] = JSON.parse(await store.ok(['image', 'inspect', image])) as Inspected[];
  if (found === undefined) throw new Error(`${image} was not found`);
  return found;
}

/** `<created by>|<comment>|<size>` of each step, last one first. */
async function history(image: string): Promise<string[]> {
  const text = await store.ok(['history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}|{{.Size}}', image]);
  return text.trimEnd().split('\n');
}

const commit = async (...args: string[]) => (await store.ok(['commit', ...args])).trimEnd();

describe('commit', () => {
  it('makes an image of its container’s image with one layer more, and prints its ID', async () => {
    const id = await commit('box', 'first');
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    const [made, base] = [await inspect('first'), await inspect('ubuntu')];
    expect(made).toMatchObject({ Id: id, RepoTags: ['first:latest'] });
    expect(made.RootFS.Layers.slice(0, -1)).toEqual(base.RootFS.Layers);
    expect(await store.ok(['run', '--rm', 'first', 'cat', '/new'])).toBe('new\n');
  });

  it('runs what the container ran, with its environment and labels', async () => {
    await commit('box', 'same');
    expect((await inspect('same')).Config).toMatchObject({
      Cmd: ['sh', '-c', 'echo new > /new'],
      Env: expect.arrayContaining(['A=1']),
      Labels: expect.objectContaining({ role: 'db' }),
    });
    expect((await inspect('same')).Config.Env.join()).not.toMatch(/HOSTNAME|TERM/);
  });

  it('notes who made it, what was changed, and how', async () => {
    await commit('-a', 'Ada <ada@example.org>', '-m', 'a new file', 'box', 'noted');
    const made = await inspect('noted');
    expect(made.Author).toBe('Ada <ada@example.org>');
    expect(await history('noted')).toEqual(['sh -c echo new > /new|a new file|4B', ...(await history('ubuntu'))]);
  });

  it('applies the instructions that it is given', async () => {
    const changes = ['-c', 'ENV A=2 B="two words"', '--change', 'ENTRYPOINT ["printenv"]', '-c', 'CMD ["B"]'];
    await commit(...changes, '-c', 'WORKDIR /srv', '-c', 'USER nobody', 'box', 'changed');
    expect(await store.ok(['run', '--rm', 'changed'])).toBe('two words\n');
    expect(await store.ok(['run', '--rm', 'changed', 'A'])).toBe('2\n');
    expect(await store.ok(['run', '--rm', '--entrypoint', 'sh', 'changed', '-c', 'pwd; id -un'])).toBe(
      '/srv\nnobody\n',
    );
  });

  it('of a container that changed nothing has no layer more', async () => {
    await store.ok(['run', '--name', 'idle', 'ubuntu', 'ls', '/']);
    await commit('idle', 'idle');
    expect((await inspect('idle')).RootFS).toEqual((await inspect('ubuntu')).RootFS);
    expect((await history('idle'))[0]).toBe('ls /||0B');
    expect(await store.ok(['run', '--rm', 'idle', 'echo', 'runs'])).toBe('runs\n');
  });

  it('of a commit has the layers of both', async () => {
    await commit('box', 'lower');
    await store.ok(['run', '--name', 'second', 'lower', 'sh', '-c', 'cat /new > /copy; rm /new']);
    await commit('second', 'upper');
    const [lower, upper] = [(await inspect('lower')).RootFS.Layers, (await inspect('upper')).RootFS.Layers];
    expect(upper.slice(0, -1)).toEqual(lower);
    expect(await store.ok(['run', '--rm', 'upper', 'sh', '-c', 'cat /copy; test -e /new || echo gone'])).toBe(
      'new\ngone\n',
    );
  });

  it('may have the very layer of its image once more', async () => {
    const env = { SOURCE_DATE_EPOCH: '1700000000' };
    await store.ok(['commit', 'box', 'once'], { env });
    await store.ok(['run', '--name', 'repeated', 'once', 'sh', '-c', 'echo new > /new']);
    await store.ok(['commit', 'repeated', 'twice'], { env });
    const [first, second] = (await inspect('twice')).RootFS.Layers.slice(-2);
    expect(second).toBe(first);
    expect(await store.ok(['run', '--rm', 'twice', 'cat', '/new'])).toBe('new\n');
  });

  it('without a name is found by its ID, as often as it is made', async () => {
    const env = { SOURCE_DATE_EPOCH: '1000000000' };
    const id = (await store.ok(['commit', 'box'], { env })).trimEnd();
    expect((await store.ok(['commit', 'box'], { env })).trimEnd()).toBe(id);
    expect(await inspect(id)).toMatchObject({ RepoTags: [], Created: '2001-09-09T01:46:40.000Z' });
    expect(await store.ok(['run', '--rm', id.slice(7, 19), 'cat', '/new'])).toBe('new\n');
  });

  it('takes a name from the image that had it', async () => {
    const before = await commit('-m', 'one', 'box', 'moving:1');
    const after = await commit('-m', 'two', 'box', 'moving:1');
    expect((await inspect('moving:1')).Id).toBe(after);
    expect((await inspect(before)).RepoTags).toEqual([]);
  });

  it('finds the container by the start of its id', async () => {
    const id = (await store.ok(['inspect', '-f', '{{.Id}}', 'box'])).trimEnd();
    for (const prefix of [id, id.slice(0, 12)]) expect(await commit(prefix)).toMatch(/^sha256:/);
  });

  it('works after the image has lost its name, or given it to another', async () => {
    await commit('box', 'parent');
    await store.ok(['run', '--name', 'child', 'parent', 'sh', '-c', 'echo > /more']);
    await commit('-m', 'another', 'box', 'parent');
    await commit('child', 'from-moved');
    await store.ok(['rmi', '-f', 'parent']);
    await commit('child', 'from-unnamed');
    expect(await store.ok(['run', '--rm', 'from-unnamed', 'ls', '/new', '/more'])).toBe('/more\n/new\n');
  });
});

describe('a commit that cannot be made', () => {
  it.each([
    [['nobody'], /no such container: nobody/],
    [['box', 'Not A Name'], /invalid image name/],
    [['box', `name@sha256:${'a'.repeat(64)}`], /a name that is given cannot have a digest/],
    [['-c', 'RUN true', 'box', 'x'], /RUN is not a valid change command/],
    [['-c', 'ENV', 'box', 'x'], /ENV/],
    [['--pause=maybe', 'box', 'x'], /'-p, --pause' argument 'maybe' is invalid/],
  ])('says why in one line, and leaves nothing: %j', async (args, message) => {
    const before = [await store.ok(['images', '-aq']), readdirSync(join(store.root, 'images/blobs/sha256')).length];
    const outcome = await store.rcx(['commit', ...args]);
    expectFailure(outcome, message.source.includes('maybe') ? 125 : 1, message);
    expect(await store.rcx(['image', 'inspect', 'x'])).toMatchObject({ exitCode: 1 });
    expect([await store.ok(['images', '-aq']), readdirSync(join(store.root, 'images/blobs/sha256')).length]).toEqual(
      before,
    );
  });

  it('is that of a container in a directory, which has no image', async () => {
    await store.ok(['run', '--name', 'rootfs', '--rootfs', '/', 'true']);
    expectFailure(await store.rcx(['commit', 'rootfs', 'x']), 1, /runs in a directory, not on an image; .*rcx import/);
    expectFailure(await store.rcx(['diff', 'rootfs']), 1, /runs in a directory/);
  });

  it('is that of a name that would delete another file', async () => {
    await store.ok(['run', '--name', 'whiteout', 'ubuntu', 'sh', '-c', 'echo > /new; echo > /srv/.wh.passwd']);
    const before = readdirSync(join(store.root, 'images/blobs/sha256'));
    expectFailure(
      await store.rcx(['commit', 'whiteout', 'x']),
      1,
      /\/srv\/\.wh\.passwd: .*begins with \.wh\.; .*rename it/,
    );
    expect(readdirSync(join(store.root, 'images/blobs/sha256'))).toEqual(before);
    expect(wreckage(store.root)).toEqual([]);
  });

  it('is one with a date that is none', async () => {
    const outcome = await store.rcx(['commit', 'box', 'x'], { env: { SOURCE_DATE_EPOCH: 'yesterday' } });
    expectFailure(outcome, 1, /SOURCE_DATE_EPOCH: "yesterday" is not a number of seconds/);
  });
});
