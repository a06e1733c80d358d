import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

async function inspect(id: string) {
  const [container] = JSON.parse(await store.ok(['inspect', id.trim()]));
  return container;
}

describe('--cidfile', () => {
  it('gets the id, and is not written over', async () => {
    const path = join(store.folder, 'cid');
    const id = (await store.ok(['create', '--cidfile', path, 'ubuntu', 'true'])).trim();
    expect(readFileSync(path, 'utf8')).toBe(id);
    expect((await inspect(id)).HostConfig.ContainerIDFile).toBe(path);
    expectFailure(await store.rcx(['run', '--cidfile', path, 'ubuntu', 'true']), 125, /make sure the other container/);
    expect(readFileSync(path, 'utf8')).toBe(id);
    await store.ok(['rm', id]);
  });

  it('is there for run and run -d, and not when nothing was made', async () => {
    const path = (name: string) => join(store.folder, name);
    await store.ok(['run', '--rm', '--cidfile', path('cid-run'), 'ubuntu', 'true']);
    expect(readFileSync(path('cid-run'), 'utf8')).toMatch(/^[0-9a-f]{64}$/);
    const id = await store.ok(['run', '-d', '--rm', '--cidfile', path('cid-detached'), 'ubuntu', 'true']);
    expect(`${readFileSync(path('cid-detached'), 'utf8')}\n`).toBe(id);
    await store.rcx(['run', '--cidfile', path('none'), '--pull', 'never', 'no-such-image', 'true']);
    expect(existsSync(path('none'))).toBe(false);
  });
});

describe('labels, annotations and ports', () => {
  it('are shown by inspect', async () => {
    const file = join(store.folder, 'labels');
    writeFileSync(file, '# comment\na=file\nb=file\n');
    const flags = ['--label-file', file, '-l', 'a=mine', '--annotation', 'org.example=1'];
    const id = await store.ok(['create', ...flags, '--expose', '80', '--expose', '90-91/udp', 'ubuntu', 'true']);
    const { Config, HostConfig } = await inspect(id);
    expect(Config.Labels).toMatchObject({ a: 'mine', b: 'file' });
    expect(Config.ExposedPorts).toEqual({ '80/tcp': {}, '90/udp': {}, '91/udp': {} });
    expect(HostConfig.Annotations).toEqual({ 'org.example': '1' });
    expect(await store.ok(['ps', '-aq', '--no-trunc', '--filter', 'expose=91/udp'])).toBe(id);
    await store.ok(['rm', id.trim()]);
  });

  it('that cannot be read are refused', async () => {
    const run = (...flags: string[]) => store.rcx(['run', ...flags, 'ubuntu', 'true']);
    expectFailure(await run('--label-file', '/there/is/none'), 125, /--label-file: \/there\/is\/none/);
    expectFailure(await run('--expose', '80000'), 125, /--expose/);
  });
});

describe('--domainname', () => {
  it('is the container’s NIS domain, and part of its full name', async () => {
    const script = 'cat /proc/sys/kernel/domainname; hostname; hostname -f';
    const args = ['run', '--rm', '-h', 'box', '--domainname', 'example.org', 'ubuntu', 'sh', '-c', script];
    expect(await store.ok(args)).toBe('example.org\nbox\nbox.example.org\n');
    const id = await store.ok(['create', '--domainname', 'example.org', 'ubuntu', 'true']);
    expect((await inspect(id)).Config.Domainname).toBe('example.org');
    expectFailure(await store.rcx(['run', '--domainname', 'a b', 'ubuntu', 'true']), 125, /domain name/);
  });
});
