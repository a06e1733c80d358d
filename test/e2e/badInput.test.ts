import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

describe('wrong flags and arguments', () => {
  it.each([
    [['run', '--no-such-flag', 'ubuntu'], /--no-such-flag.*rcx run --help/],
    [['run'], /image.*rcx run --help/],
    [['run', '--name'], /--name.*rcx run --help/],
    [['run', '--network', 'nowhere', 'ubuntu'], /network nowhere not found; .*rcx network ls/],
    [['run', '--network', 'ns:x', 'ubuntu'], /ns:x.*rcx run --help/],
    [['run', '-w', 'relative', 'ubuntu', 'true'], /relative.*absolute/],
    [['run', 'library/UPPER', 'true'], /library\/UPPER.*lower case/],
    [['run', '', 'true'], /image|reference/],
    [['run', 'ubuntu:bad tag', 'true'], /bad tag/],
    [['run', 'ubuntu@sha256:123', 'true'], /sha256:123/],
    [['no-such-command'], /no-such-command.*rcx --help/],
    [['--no-such-flag'], /--no-such-flag.*rcx --help/],
    [['pull'], /image.*rcx pull --help/],
  ])('%j: one line, exit code 125', async (args, message) => {
    expectFailure(await store.rcx(args), 125, message);
  });

  it('show what a terminal would obey instead of sending it', async () => {
    const { stderr } = await store.rcx(['run', 'evil\u001b]0;title\u0007', 'true']);
    expect(stderr).not.toMatch(/\p{Cc}(?!$)/u);
    expect(stderr).toContain('1b');
  });

  it('print a stack trace only with --debug', async () => {
    const args = ['run', '--pull', 'never', 'no-such-image', 'true'];
    expectFailure(await store.rcx(args), 125, /no-such-image/);
    expect((await store.rcx(['--debug', ...args])).stderr).toMatch(/\n\s+at .*:\d+:\d+/);
  });
});

describe('a wrong configuration', () => {
  const withConfig = (text: string) => {
    const file = join(store.folder, 'wrong.json');
    writeFileSync(file, text);
    return store.rcx(['run', '-q', 'no-such-image', 'true'], { env: { RCX_CONFIG: file } });
  };

  it.each([
    ['{', /wrong\.json.*not JSON/],
    ['[]', /wrong\.json/],
    ['{"registry": {}}', /wrong\.json.*registry/],
    ['{"registries": {"docker.io": {"mirrors": ["ftp://x"]}}}', /wrong\.json.*ftp:\/\/x/],
  ])('%s is an error that names the file', async (text, message) => {
    expectFailure(await withConfig(text), 125, message);
  });

  it('does not matter where nothing of it is asked for', async () => {
    const options = { env: { RCX_CONFIG: '/no/such' } };
    expect(await store.ok(['run', '--rm', '--network', 'none', 'ubuntu', 'echo', 'here'], options)).toBe('here\n');
    // Which network is the default is.
    expectFailure(await store.rcx(['run', '--rm', 'ubuntu', 'echo', 'here'], options), 125, /\/no\/such: ENOENT/);
  });
});

describe('a registry that', () => {
  it('does not have the image says so', async () => {
    const name = `${inject('e2e').registry}/no/such`;
    expectFailure(await store.rcx(['run', '-q', name, 'true']), 125, /no\/such:latest.*(not found|no such)/i);
    const tag = `${inject('e2e').registry}/library/ubuntu:no-such-tag`;
    expectFailure(await store.rcx(['run', '-q', tag, 'true']), 125, /no-such-tag.*(not found|no such)/i);
  });

  it('is down says where it was looked for', async () => {
    const outcome = await store.rcx(['run', '-q', '127.0.0.1:1/library/ubuntu', 'true']);
    expectFailure(outcome, 125, /127\.0\.0\.1:1.*ECONNREFUSED/);
  });
});

describe('a store that', () => {
  it('cannot be made is an error that names it', async () => {
    const outcome = await store.rcx(['run', '-q', 'ubuntu', 'true'], { env: { RCX_ROOT: '/etc/passwd/store' } });
    expectFailure(outcome, 125, /\/etc\/passwd\/store/);
  });

  it('is a file is an error that names it', async () => {
    const file = join(store.folder, 'file');
    writeFileSync(file, '');
    const outcome = await store.rcx(['run', '-q', 'ubuntu', 'true'], { env: { RCX_ROOT: file } });
    expectFailure(outcome, 125, new RegExp(file));
  });

  it('has a damaged index is an error that names it, and says what to do', async () => {
    const own = await newStore({ images: true });
    const index = join(own.root, 'images/index.json');
    // A file of its own: this store's are links to those that all tests share.
    unlinkSync(index);
    writeFileSync(index, '{"schemaVersion": 2, "manifests": [');
    expectFailure(await own.rcx(['run', '--pull', 'never', 'ubuntu', 'true']), 125, /index\.json/);
    await own.close();
  });
});

describe('after all that', () => {
  it('the right command works, and nothing is left', async () => {
    expect(await store.ok(['run', '--rm', 'ubuntu', 'echo', 'fine'])).toBe('fine\n');
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect((await store.ok(['images', '-q'])).trim().split('\n')).toHaveLength(2);
  });
});
