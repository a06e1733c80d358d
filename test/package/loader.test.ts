import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, inject, it } from 'vitest';

const { folder, installed } = inject('packed');
const OWN = `linux-${process.arch}-gnu`;
const OTHER = `linux-${process.arch}-musl`;
const place = join(folder, 'broken');
const scope = join(place, 'node_modules/@rcx');

const REPORT = `
  try { require('rcx/native'); console.log('{}'); }
  catch ({ code, message, hint, path, name }) { console.log(JSON.stringify({ code, message, hint, path, name })); }`;

async function failure(before = ''): Promise<Record<string, string>> {
  const { stdout } = await execa('node', ['-e', before + REPORT], { cwd: place });
  return JSON.parse(stdout);
}

beforeEach(() => {
  rmSync(place, { recursive: true, force: true });
  cpSync(installed, place, { recursive: true, verbatimSymlinks: true });
});

describe('the loader of an installation', () => {
  it('finds what npm has installed', async () => {
    expect(await failure()).toEqual({});
  });

  it('finds a platform package inside of the package', async () => {
    cpSync(scope, join(place, 'node_modules/rcx/node_modules/@rcx'), { recursive: true });
    rmSync(scope, { recursive: true });
    expect(await failure()).toEqual({});
  });

  it('finds one further up, as Node does', async () => {
    cpSync(join(place, 'node_modules/rcx'), join(place, 'below/node_modules/rcx'), { recursive: true });
    const { stdout } = await execa('node', ['-e', REPORT], { cwd: join(place, 'below') });
    expect(JSON.parse(stdout)).toEqual({});
  });

  it('says what it looked for, where, and what to type when the platform package is missing', async () => {
    rmSync(scope, { recursive: true });
    const error = await failure();
    expect(error).toMatchObject({ name: 'RcxError', code: 'ERR_RCX_ADDON_MISSING' });
    expect(error.message).toContain(`@rcx/${OWN} is not installed`);
    expect(error.message).toContain(join(scope, OWN));
    expect(error.hint).toContain('--omit=optional');
    expect(error.hint).toMatch(new RegExp(`npm install --no-save @rcx/${OWN}@\\d`));
  });

  it("says that the other C library's package is installed", async () => {
    renameSync(join(scope, OWN), join(scope, OTHER));
    const error = await failure();
    expect(error.code).toBe('ERR_RCX_ADDON_MISSING');
    expect(error.hint).toContain(`@rcx/${OTHER} is installed, but this Node uses glibc`);
  });

  it('says which file of a package is missing', async () => {
    const addon = join(scope, OWN, `rcx.${OWN}.node`);
    rmSync(addon);
    expect(await failure()).toMatchObject({ code: 'ERR_RCX_ADDON_MISSING', path: addon });
  });

  it.each([
    ['cut off', (file: string) => truncateSync(file, 16), /file too short/],
    ['not an addon', (file: string) => writeFileSync(file, 'words'.repeat(100)), /invalid ELF header/],
    [
      "of another C library's",
      (file: string) => writeFileSync(file, foreign(readFileSync(file))),
      /libc\.mus1: cannot open shared object file/,
    ],
  ])('passes on why a file cannot be loaded that is %s', async (_, damage, reason) => {
    const addon = join(scope, OWN, `rcx.${OWN}.node`);
    damage(addon);
    const error = await failure();
    expect(error).toMatchObject({ code: 'ERR_RCX_ADDON_LOAD', path: addon });
    expect(error.message).toMatch(reason);
  });

  it('refuses a platform package of another version', async () => {
    const file = join(scope, OWN, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"version": ".*"/, '"version": "9.8.7"'));
    const error = await failure();
    expect(error.code).toBe('ERR_RCX_ADDON_VERSION');
    expect(error.message).toMatch(/is version 9\.8\.7, and rcx \d/);
    expect(error.hint).toMatch(new RegExp(`npm install @rcx/${OWN}@\\d`));
  });

  it.each([
    ['platform', 'darwin'],
    ['arch', 'ia32'],
  ])('refuses a %s that nothing is made for', async (property, value) => {
    const error = await failure(`Object.defineProperty(process, '${property}', { value: '${value}' });`);
    expect(error).toMatchObject({ code: 'ERR_RCX_PLATFORM' });
    expect(error.message).toContain(value);
  });
});

describe('the command line', () => {
  it('ends with 125 and the hint', async () => {
    rmSync(scope, { recursive: true });
    const { exitCode, stderr } = await execa(join(place, 'node_modules/.bin/rcx'), ['run', 'x', 'true'], {
      reject: false,
    });
    expect(exitCode).toBe(125);
    expect(stderr).toContain(`npm install --no-save @rcx/${OWN}`);
  });
});

/** It asks for a C library that this system has not. */
function foreign(addon: Buffer): Buffer {
  return Buffer.from(addon.toString('latin1').replace('libc.so.6\0', 'libc.mus1\0'), 'latin1');
}
