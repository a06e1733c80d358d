import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const inspect = async (image: string, format: string) =>
  (await store.ok(['image', 'inspect', '-f', format, image])).trimEnd();
const idOf = (image: string) => inspect(image, '{{.Id}}');
const tagsOf = async (image: string) => (await inspect(image, '{{join .RepoTags " "}}')).split(' ').sort();

describe('tag', () => {
  it('gives an image another name, and says nothing', async () => {
    expect(await store.rcx(['tag', 'ubuntu', 'mine'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    await store.ok(['image', 'tag', 'mine', 'registry.example:5000/team/app:2.0']);
    expect(await tagsOf('ubuntu')).toEqual(['mine:latest', 'registry.example:5000/team/app:2.0', 'ubuntu:latest']);
    expect(await store.ok(['run', '--rm', 'registry.example:5000/team/app:2.0', 'echo', 'runs'])).toBe('runs\n');
  });

  it('takes an ID, or the start of one', async () => {
    const id = await idOf('ubuntu');
    for (const text of [id, id.slice(7), id.slice(7, 19)]) await store.ok(['tag', text, `by-id:${text.length}`]);
    expect(await tagsOf('ubuntu')).toEqual(expect.arrayContaining(['by-id:71', 'by-id:64', 'by-id:12']));
  });

  it('takes the name from the image that had it, which stays', async () => {
    const [ubuntu, layered] = [await idOf('ubuntu'), await idOf('layered')];
    await store.ok(['tag', 'ubuntu', 'moving']);
    await store.ok(['tag', 'layered', 'moving']);
    expect(await idOf('moving')).toBe(layered);
    expect(await idOf(ubuntu)).toBe(ubuntu);
    expect(await tagsOf('ubuntu')).not.toContain('moving:latest');
  });

  it('changes nothing but the time of it when the image has the name already', async () => {
    const inspect = async () => {
      const [{ Metadata, ...others }] = JSON.parse(await store.ok(['image', 'inspect', 'layered']));
      return { others, time: Date.parse(Metadata.LastTagTime) };
    };
    const before = await inspect();
    await store.ok(['tag', 'layered', 'layered']);
    const after = await inspect();
    expect(after.others).toEqual(before.others);
    // As with docker: it was given the name anew.
    expect(after.time).toBeGreaterThan(before.time);
  });

  it('is kept by each of several who tag at once', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `at-once:${index}`);
    await Promise.all(names.map((name) => store.ok(['tag', 'layered', name])));
    expect(await tagsOf('layered')).toEqual(expect.arrayContaining(names));
  });

  it('is taken away alone', async () => {
    await store.ok(['tag', 'ubuntu', 'short-lived']);
    expect(await store.ok(['rmi', 'short-lived'])).toBe('Untagged: short-lived:latest\n');
    expect(await idOf('ubuntu')).toMatch(/^sha256:/);
  });

  it.each([
    [['tag', 'nothing', 'x'], 1, /no such image: nothing/],
    [['tag', 'ubuntu', 'Not A Name'], 1, /invalid image name/],
    [['tag', 'ubuntu', `x@sha256:${'a'.repeat(64)}`], 1, /a name that is given cannot have a digest/],
    [['tag', 'ubuntu', 'a'.repeat(64)], 1, /invalid image name/],
    [['tag', 'ubuntu'], 125, /missing required argument 'name'/],
  ])('says in one line what is wrong with %j', async (args, exitCode, message) => {
    expectFailure(await store.rcx(args), exitCode, message);
  });
});
