import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SETUP = new URL('../../../scripts/lib/setup.sh', import.meta.url).pathname;

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-setup-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Stands in for a program that would change this machine; its arguments are written to `calls`. */
function command(name, script = '') {
  const path = join(folder, 'bin', name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>"$CALLS"\n${script}\n`);
  chmodSync(path, 0o755);
}

async function run(script) {
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, CALLS: join(folder, 'calls') };
  const { exitCode, stderr } = await execa('sh', ['-euc', `. ${SETUP}; ${script}`], {
    cwd: folder,
    env,
    reject: false,
  });
  const calls = existsSync(env.CALLS) ? readFileSync(env.CALLS, 'utf8').trim().split('\n') : [];
  return { exitCode, stderr, apt: calls.filter((call) => call.startsWith('apt-get')), calls };
}

describe('need_packages', () => {
  beforeEach(() => {
    command('dpkg-query', 'for last; do :; done; [ "$last" = there ] && echo installed || exit 1');
    command('apt-get');
    command('id', 'echo 0');
  });

  it('touches nothing when all are there', async () => {
    expect(await run('need_packages there')).toMatchObject({ exitCode: 0, stderr: '', apt: [] });
  });

  it('installs those that are missing, and says so', async () => {
    const { exitCode, stderr, apt } = await run('need_packages there one two');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'setup: installing system packages: one two' });
    expect(apt).toEqual(['apt-get -qq update', 'apt-get -qq install --yes --no-install-recommends one two']);
  });

  it('says what is missing where it may not install', async () => {
    command('id', 'echo 1000');
    const { exitCode, stderr, apt } = await run('need_packages one');
    expect({ exitCode, apt }).toEqual({ exitCode: 0, apt: [] });
    expect(stderr).toContain('apt-get install one');
  });

  it('ends when apt-get fails', async () => {
    command('apt-get', 'exit 100');
    expect(await run('need_packages one')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('could not install one'),
    });
  });
});

describe('need_node_modules', () => {
  const installed = () => join(folder, 'node_modules/.package-lock.json');
  beforeEach(() => {
    command('npm');
    writeFileSync(join(folder, 'package-lock.json'), '{}');
  });

  it('installs where there is nothing', async () => {
    expect((await run('need_node_modules')).calls).toEqual(['npm ci --ignore-scripts --no-audit --no-fund']);
  });

  it('does nothing where what is installed is as new as the lock file', async () => {
    writeFileSync(installed(), '{}');
    expect((await run('need_node_modules')).calls).toEqual([]);
  });

  it('installs again after the lock file has changed', async () => {
    writeFileSync(installed(), '{}');
    utimesSync(installed(), 0, 0);
    expect((await run('need_node_modules')).calls).toHaveLength(1);
  });

  it('ends when npm fails', async () => {
    command('npm', 'exit 1');
    expect(await run('need_node_modules')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('npm ci failed'),
    });
  });
});

describe('need_toolchains', () => {
  it('names the first thing that is missing', async () => {
    const { exitCode, stderr } = await run('PATH=/nonexistent CARGO_HOME=/nonexistent; need_toolchains');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'setup: node is missing: install Node 20.17 or newer (https://nodejs.org)',
    });
  });

  it('refuses an old Node', async () => {
    command('node', 'case $1 in --version) echo v18.20.4 ;; *) exit 1 ;; esac');
    command('cargo');
    expect(await run('need_toolchains')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('v18.20.4 is too old'),
    });
  });
});
