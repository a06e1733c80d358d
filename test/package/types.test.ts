import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, inject, it } from 'vitest';

const { folder, installed } = inject('packed');

const RIGHT = `
async function main(): Promise<number> {
  const { exitCode } = await run('ubuntu', ['true'], { memory: '1m' });
  await removeTree('/nowhere');
  return exitCode;
}
main().catch((error: unknown) => console.log(isRcxError(error) ? error.code : error));
`;
const IMPORTS = "import { isRcxError, run } from 'rcx';\nimport { removeTree } from 'rcx/native';\n";

/** Compiles a program as a user of the package does. */
async function compile(name: string, text: string, options: string[]) {
  const project = join(folder, `types-${name.replace('.', '-')}`);
  mkdirSync(project);
  writeFileSync(join(project, name), text);
  symlinkSync(join(installed, 'node_modules'), join(project, 'node_modules'));
  const types = ['--typeRoots', resolve('node_modules/@types'), '--types', 'node'];
  const strict = ['--strict', '--noEmit', '--target', 'es2022'];
  return await execa(resolve('node_modules/.bin/tsc'), [...strict, ...types, ...options, name], {
    cwd: project,
    reject: false,
  });
}

describe('a TypeScript program', () => {
  const NODE16 = ['--module', 'nodenext'];
  it.each([
    ['esm.mts', NODE16],
    ['cjs.cts', NODE16],
    ['bundled.ts', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])('%s compiles', async (name, options) => {
    const { stdout, exitCode } = await compile(name, IMPORTS + RIGHT, options);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  });

  it.each(['wrong.mts', 'wrong.cts'])('%s is refused, as its options are wrong', async (name) => {
    const { stdout, exitCode } = await compile(
      name,
      `${IMPORTS}void run('ubuntu', ['true'], { pids: 'many' });\nvoid isRcxError;void removeTree;`,
      NODE16,
    );
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain("Type 'string' is not assignable to type 'number'");
  });
});
