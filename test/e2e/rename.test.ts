import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
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

function links(): string[] {
  return readdirSync(join(store.root, 'containers', '.names')).sort();
}

async function nameOf(id: string): Promise<string> {
  return (await store.ok(['inspect', '-f', '{{.Name}}', id])).trim();
}

describe('rename', () => {
  it('gives a container another name, and frees the old one', async () => {
    const id = (await store.ok(['create', '--name', 'old', 'ubuntu', 'true'])).trim();
    expect(await store.ok(['rename', 'old', 'new'])).toBe('');
    expect([await nameOf('new'), links()]).toEqual(['/new', ['new']]);
    expectFailure(await store.rcx(['start', 'old']), 1, /no such container: old/);
    await store.ok(['create', '--name', 'old', 'ubuntu', 'true']);
    await store.ok(['container', 'rename', id.slice(0, 12), '/third']);
    expect([await nameOf(id), links()]).toEqual(['/third', ['old', 'third']]);
  });

  it('renames what runs, down to its removal at its end', async () => {
    const id = (await store.ok(['run', '-d', '--rm', '--name', 'old', 'ubuntu', 'sleep', '600'])).trim();
    await store.ok(['rename', 'old', 'new']);
    expect(await store.ok(['ps', '--format', '{{.Names}}'])).toBe('new\n');
    expect(await store.ok(['exec', 'new', 'echo', 'there'])).toBe('there\n');
    await store.ok(['kill', 'new']);
    await store.rcx(['wait', id]);
    expect([await store.ok(['ps', '-aq']), links()]).toEqual(['', []]);
  });

  it('leaves a name to whoever has it', async () => {
    await store.ok(['create', '--name', 'one', 'ubuntu', 'true']);
    await store.ok(['create', '--name', 'two', 'ubuntu', 'true']);
    expectFailure(await store.rcx(['rename', 'one', 'two']), 1, /two is already the name of [0-9a-f]{12}/);
    expectFailure(await store.rcx(['rename', 'one', 'one']), 1, /one is its name already/);
    expectFailure(await store.rcx(['rename', 'one', 'no/name']), 1, /not a valid name/);
    expectFailure(await store.rcx(['rename', 'nobody', 'three']), 1, /no such container: nobody/);
    expect(links()).toEqual(['one', 'two']);
  });

  it('gives a name to exactly one of those who want it', async () => {
    const names = ['a1', 'a2', 'a3', 'a4'];
    for (const name of names) await store.ok(['create', '--name', name, 'ubuntu', 'true']);
    const outcomes = await Promise.all(names.map((name) => store.rcx(['rename', name, 'wanted'])));
    expect(outcomes.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
    expect(links().filter((name) => name === 'wanted')).toHaveLength(1);
    expect(links()).toHaveLength(4);
  });

  it('is done by the next one where it was killed half-way', async () => {
    const id = (await store.ok(['create', '--name', 'old', 'ubuntu', 'true'])).trim();
    const folder = join(store.root, 'containers', '.names');
    symlinkSync(id, join(folder, 'new'));
    // The record does not say so: nobody has that name.
    expectFailure(await store.rcx(['start', 'new']), 1, /no such container: new/);
    await store.ok(['rename', 'old', 'new']);
    expect(links()).toEqual(['new']);
    expect(readlinkSync(join(folder, 'new'))).toBe(id);
  });
});
