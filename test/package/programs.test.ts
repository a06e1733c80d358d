import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, inject, it } from 'vitest';
import { environment } from '../support/packageSetup.ts';
import { asUser, type TestUser } from '../support/user.ts';

const { folder, installed, nodes, user } = inject('packed');

const RUN = `const { exitCode, stdout } = await run('localhost/tools', ['echo', 'inside'], { network: 'none' });
  console.log(exitCode, String(stdout).trim());`;
const PROGRAMS = {
  'program.mjs': `import { run } from 'rcx';
  ${RUN}`,
  'program.cjs': `const { run } = require('rcx');
  (async () => { ${RUN} })();`,
  'both.mjs': `import { createRequire } from 'node:module';
  import * as library from 'rcx';
  import * as binding from 'rcx/native';
  const require = createRequire(import.meta.url);
  const required = { ...require('rcx') };
  console.log(Object.keys(required).every((name) => required[name] === library[name]), Object.keys(library).length > 0);
  console.log(require('rcx/native').LayerSink === binding.LayerSink, binding.RcxError === library.RcxError);`,
  'binding.cjs': `const { removeTree } = require('rcx/native');
  console.log(typeof removeTree);`,
};

mkdirSync(join(installed, 'programs'), { recursive: true });
for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(installed, 'programs', name), text);

const users: [string, TestUser | undefined][] =
  user === undefined
    ? [[process.geteuid?.() === 0 ? 'root' : 'this user', undefined]]
    : [
        ['root', undefined],
        ['an ordinary user', user],
      ];

for (const [major, node] of Object.entries(nodes)) {
  const missing = 'missing' in node ? ` (skipped: no Node ${major}: ${node.missing})` : '';
  describe.skipIf(missing !== '')(`Node ${major}${missing}`, () => {
    for (const [name, who] of users)
      describe(`as ${name}`, () => trySomePrograms(major, 'bin' in node ? node.bin : '', who));
  });
}

function trySomePrograms(major: string, bin: string, who: TestUser | undefined) {
  const call = async (...words: string[]) => {
    const [program = '', ...rest] = [...(who === undefined ? [] : asUser(who)), ...words];
    const env = { ...environment(folder, who), PATH: `${bin}${delimiter}${process.env.PATH}` };
    const { stdout } = await execa(program, rest, { env, extendEnv: false, cwd: installed });
    return stdout;
  };

  it('is what runs the programs', async () => {
    expect(await call('node', '--version')).toMatch(new RegExp(`^v${major}\\.`));
  });

  it.each(['program.mjs', 'program.cjs'])('runs a container from %s', async (name) => {
    expect(await call('node', join('programs', name))).toBe('0 inside');
  });

  it('has one implementation for import and require', async () => {
    expect(await call('node', 'programs/both.mjs')).toBe('true true\ntrue true');
  });

  it('has the low-level binding', async () => {
    expect(await call('node', 'programs/binding.cjs')).toBe('function');
  });

  it('runs a container from the command line', async () => {
    const words = ['run', '--rm', '--network', 'none', 'localhost/tools', 'echo', 'inside'];
    expect(await call('npx', '--no-install', 'rcx', ...words)).toBe('inside');
  });
}
