import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const COMPILED = new URL('../../../bin/compiled.js', import.meta.url).pathname;
const DAY = 24 * 60 * 60;

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rcx-compiled-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A script that tells its name, in an installation of its own. */
function script(name) {
  const file = join(folder, `${name}.cjs`);
  writeFileSync(file, `console.log(${JSON.stringify(name)}, __filename, typeof require);\n`);
  return file;
}

async function run(file, { nodeFlags = [], words = [], env = {} } = {}) {
  const cache = join(folder, 'cache');
  const code = `require('node:fs').mkdirSync(${JSON.stringify(cache)}, { recursive: true });
    require(${JSON.stringify(COMPILED)}).run(${JSON.stringify(file)}, ${JSON.stringify(cache)});`;
  const main = join(folder, 'start.cjs');
  writeFileSync(main, code);
  const { stdout } = await execa(process.execPath, [...nodeFlags, main, ...words], { env });
  return { stdout, files: stamps(cache) };
}

/** Of the files of compiled code. */
function stamps(cache) {
  return Object.fromEntries(readdirSync(cache).map((name) => [name, statSync(join(cache, name)).mtimeMs]));
}

describe('compiled code', () => {
  it('is kept, privately, and used again', async () => {
    const file = script('one');
    const first = await run(file, { words: ['ps'] });
    expect(first.stdout).toBe(`one ${file} function`);
    const [name] = Object.keys(first.files);
    expect(name).toMatch(/^ps-/);
    expect(statSync(join(folder, 'cache', name)).mode & 0o777).toBe(0o600);
    expect(await run(file, { words: ['ps'] })).toEqual(first);
  });

  it('is not what showing help compiles', async () => {
    expect(await run(script('one'), { words: ['ps', '--help'] })).toMatchObject({ files: {} });
  });

  it('of two installations stays beside each other, as does that for other flags of V8', async () => {
    const [one, two] = [script('one'), script('other')];
    await run(one);
    await run(two);
    const { files } = await run(one, { nodeFlags: ['--stack-size=900'] });
    expect(Object.keys(files)).toHaveLength(3);
    for (const again of [one, two]) expect((await run(again)).files).toEqual(files);
  });

  it('that nobody has used for a month is removed when other is written', async () => {
    const file = script('one');
    const { files } = await run(file, { words: ['ps'] });
    const [name] = Object.keys(files);
    const long = Date.now() / 1000 - 31 * DAY;
    utimesSync(join(folder, 'cache', name), long, long);
    const after = await run(file, { words: ['images'] });
    expect(Object.keys(after.files)).toEqual([expect.stringMatching(/^images-/)]);
  });

  it('that is damaged is replaced', async () => {
    const file = script('one');
    const { files } = await run(file);
    const [name] = Object.keys(files);
    writeFileSync(join(folder, 'cache', name), 'damaged', { mode: 0o600 });
    expect((await run(file)).stdout).toContain('one');
    expect(statSync(join(folder, 'cache', name)).size).toBeGreaterThan(100);
  });
});
