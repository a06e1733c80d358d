import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { publint } from 'publint';
import { describe, expect, inject, it } from 'vitest';

const { installed, tarballs, nodes } = inject('packed');
const modules = join(installed, 'node_modules');
const ADDON = `rcx.linux-${process.arch}-gnu.node`;

async function filesIn(tarball: string): Promise<string[]> {
  const { stdout } = await execa('tar', ['-tzf', tarball]);
  return stdout.split('\n').map((name) => name.replace(/^package\//, ''));
}

describe('the tarballs', () => {
  it('of rcx have the command line, the library, its types and the licences', async () => {
    const names = await filesIn(tarballs.rcx);
    const types = names.filter((name) => name.startsWith('dist/types/'));
    expect(types.filter((name) => !/\.d\.ts$|\/package\.json$/.test(name))).toEqual([]);
    expect(names.filter((name) => !types.includes(name)).sort()).toEqual(
      [
        ...['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'],
        ...['bin/compiled.js', 'bin/package.json', 'bin/rcx.js'],
        ...['dist/NOTICE', 'dist/commands/exec.cjs', 'dist/commands/run.cjs', 'dist/main.cjs'],
        ...['dist/execa.cjs', 'dist/tar.cjs', 'dist/inside.cjs', 'dist/layer-worker.cjs', 'dist/library.cjs'],
        ...['index', 'native'].flatMap((entry) =>
          ['cjs', 'mjs', 'd.cts', 'd.mts'].map((end) => `dist/${entry}.${end}`),
        ),
      ].sort(),
    );
  });

  it('of the platform have the addon and both binaries, which may be executed', async () => {
    const names = await filesIn(tarballs.platform);
    expect(names.sort()).toEqual(
      ['LICENSE', 'NOTICE', 'README.md', ADDON, 'package.json', 'rcx-init', 'rcx-runtime'].sort(),
    );
    const folder = join(modules, `@rcx/linux-${process.arch}-gnu`);
    for (const name of ['rcx-init', 'rcx-runtime']) expect(statSync(join(folder, name)).mode & 0o111).toBe(0o111);
  });

  it('name each other by one version', () => {
    const manifest = (name: string) => JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    const { version, optionalDependencies } = manifest('rcx');
    expect(Object.keys(optionalDependencies).sort()).toEqual(
      ['arm64-gnu', 'arm64-musl', 'x64-gnu', 'x64-musl'].map((name) => `@rcx/linux-${name}`),
    );
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([version]));
    expect(manifest(`@rcx/linux-${process.arch}-gnu`).version).toBe(version);
  });
});

describe('what npm installs', () => {
  // It is to be 8 MB; what it takes to get there is in docs/decisions/0036-packaging.md. Until then it must not move away from it.
  it('does not grow', () => {
    const bytes = readdirSync(modules, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== '.package-lock.json')
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(15_500_000);
  });

  it('is 15 packages at most besides rcx', () => {
    const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
    const others = Object.keys(packages).filter((path) => path !== 'node_modules/rcx');
    expect(others).toContain(`node_modules/@rcx/linux-${process.arch}-gnu`);
    expect(others.length).toBeLessThanOrEqual(15);
  });
});

describe('the package, as others judge it', () => {
  it('has no fault that publint knows of, but for a launcher that a shell starts', async () => {
    const bytes = readFileSync(tarballs.rcx);
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const { messages } = await publint({ pack: { tarball }, strict: true });
    // Node 20 would take options of a container as its own: see bin/rcx.js.
    expect(messages.map(({ code }) => code)).toEqual(['BIN_FILE_NOT_EXECUTABLE']);
  });

  const node = nodes['24'];
  const bin = node !== undefined && 'bin' in node ? node.bin : undefined;
  it.skipIf(bin === undefined)(
    `has types that resolve for ESM, CommonJS and bundlers${bin ? '' : ' (skipped: no Node 24)'}`,
    async () => {
      const { stdout, exitCode } = await execa(
        join(bin ?? '', 'node'),
        [
          'node_modules/@arethetypeswrong/cli/dist/index.js',
          tarballs.rcx,
          '--profile',
          'node16',
          '--no-color',
          '--format',
          'ascii',
        ],
        { reject: false },
      );
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    },
  );
});
