import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFileSource } from '../../../ts/image/fromHost/byteSource.ts';
import { isElf, readElf } from '../../../ts/image/fromHost/elf.ts';
import { HostRoot } from '../../../ts/image/fromHost/hostRoot.ts';
import { formatLdCache, parseLdCache } from '../../../ts/image/fromHost/ldCache.ts';
import { Linkage } from '../../../ts/image/fromHost/linkage.ts';

/** What the machine's own loader maps for a program; `undefined` where it refuses. */
async function loaded(loader: string, program: string): Promise<string[] | undefined> {
  const { exitCode, stdout } = await execa(loader, ['--list', program], { reject: false });
  if (exitCode !== 0) return undefined;
  return paths([...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? ''));
}

/** Name and path of each entry of a loader cache, as ldconfig prints it. */
async function printed(cache: string): Promise<string[]> {
  const { stdout } = await execa('/sbin/ldconfig', ['-p', '-C', cache], { env: { LC_ALL: 'C' } });
  return [...stdout.matchAll(/^\t(\S+) \(.*\) => (\S+)$/gm)].map(([, soname, path]) => `${soname} ${path}`);
}

/** In one order, `x/../y` and links resolved. */
function paths(found: string[]): string[] {
  return [...new Set(found.map((path) => realpathSync(path)))].sort();
}

describe('on the programs of this machine', () => {
  it('finds the libraries that its loader finds', async () => {
    const linkage = new Linkage(new HostRoot());
    const host = new HostRoot();
    const programs = readdirSync('/usr/bin')
      .map((name) => `/usr/bin/${name}`)
      .filter((path) => host.file(path) && withFileSource(realpathSync(path), isElf))
      // A sample, as the loader is started for each.
      .filter((_, index) => index % 4 === 0);
    let compared = 0;
    for (const program of programs) {
      const { interpreter } = withFileSource(realpathSync(program), (source) => readElf(source, program));
      const expected = interpreter && (await loaded(interpreter, program));
      if (!expected) continue;
      expect(paths(linkage.closure(program)), program).toEqual(expected);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });

  it('reads the loader cache as ldconfig prints it', async () => {
    const parsed = parseLdCache(new HostRoot().read('/etc/ld.so.cache'));
    expect(parsed.map(({ soname, path }) => `${soname} ${path}`)).toEqual(await printed('/etc/ld.so.cache'));
  });

  it('writes a loader cache that ldconfig reads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rcx-cache-'));
    try {
      const every2nd = parseLdCache(new HostRoot().read('/etc/ld.so.cache')).filter((_, index) => index % 2 === 0);
      writeFileSync(join(folder, 'cache'), formatLdCache(every2nd));
      expect(await printed(join(folder, 'cache'))).toEqual(every2nd.map(({ soname, path }) => `${soname} ${path}`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('on programs of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rcx-linkage-'));
  const cc = (output: string, source: string, ...flags: string[]) => {
    mkdirSync(join(folder, output, '..'), { recursive: true });
    execaSync('gcc', ['-x', 'c', '-', '-o', join(folder, output), ...flags], { input: source, cwd: folder });
  };
  const library = (output: string, source: string, ...flags: string[]) =>
    cc(output, source, '-shared', '-fPIC', ...flags);

  beforeAll(() => {
    const inner = 'int inner(void) { return 1; }';
    const outer = 'int inner(void); int outer(void) { return inner(); }';
    library('a/libinner.so', inner);
    library('b/libinner.so', inner);
    library('plain/libouter.so', outer, '-La', '-linner');
    library('own/libouter.so', outer, '-La', '-linner', '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../b');
    const main = 'int outer(void); int main(void) { return outer() - 1; }';
    const program = (name: string, where: string, tags: string, rpath: string) =>
      cc(
        `bin/${name}`,
        main,
        `-L${where}`,
        '-louter',
        '-Wl,--allow-shlib-undefined',
        `-Wl,--${tags}-new-dtags,-rpath,${rpath}`,
      );
    program('rpath', 'plain', 'disable', '$ORIGIN/../plain:$ORIGIN/../a');
    program('runpath', 'plain', 'enable', '$ORIGIN/../plain:$ORIGIN/../a');
    program('overridden', 'own', 'disable', '$ORIGIN/../own:$ORIGIN/../a');
    program('braces', 'plain', 'disable', '$' + '{ORIGIN}/../plain:$' + '{ORIGIN}/../b');
    cc('bin/static', 'int main(void) { return 0; }', '-static');
    symlinkSync('bin/rpath', join(folder, 'link'));
    writeFileSync(join(folder, 'bin/data'), 'no program');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const closure = (name: string) => new Linkage(new HostRoot()).closure(join(folder, name));
  const loader = () => closure('bin/rpath')[0] ?? '';

  it.each(['bin/rpath', 'bin/overridden', 'bin/braces', 'link'])('agrees with the loader on %s', async (name) => {
    const expected = await loaded(loader(), realpathSync(join(folder, name)));
    expect(paths(closure(name))).toEqual(expected);
    expect(expected).toEqual(expect.arrayContaining([expect.stringContaining('libinner.so')]));
    expect((await execa(join(folder, name))).exitCode).toBe(0);
  });

  it('agrees with the loader that a runpath does not serve libraries of libraries', async () => {
    expect((await execa(join(folder, 'bin/runpath'), { reject: false })).stderr).toContain('libinner.so');
    expect(() => closure('bin/runpath')).toThrow(/libinner\.so, needed by .*libouter\.so, was not found/);
  });

  it('finds nothing that a static program needs', () => {
    expect(closure('bin/static')).toEqual([]);
  });
});
