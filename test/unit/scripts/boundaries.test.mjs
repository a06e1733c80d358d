import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkCrates, checkImports, importsOf } from '../../../scripts/check/boundaries.mjs';

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rcx-boundaries-'));
  write('package.json', JSON.stringify({ dependencies: { tar: '*', '@scope/name': '*' } }));
  write('ts/index.ts', "export { RcxError } from './errors.ts';\n");
  write('cli/main.ts', "import { run } from '../ts/index.ts';\nimport { table } from './output/table.ts';\n");
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('checkImports', () => {
  it('accepts the directions of the design', () => {
    write('ts/oci/digest.ts', "import { createHash } from 'node:crypto';\nimport { RcxError } from '../errors.ts';\n");
    write('ts/native/load.ts', "import type * as Addon from '../../native/index.d.ts';\n");
    write('ts/layer/pack.ts', "import { Header } from 'tar';\nimport x from '@scope/name/deep';\n");
    expect(checkImports(root)).toEqual([]);
  });

  it.each([
    ['ts/oci/digest.ts', "import { readFileSync } from 'node:fs';", 'ts/oci is pure'],
    ['ts/oci/digest.ts', "import { native } from '../native/index.ts';", 'ts/oci is pure'],
    ['ts/oci/digest.ts', "import { Header } from 'tar';", 'ts/oci is pure'],
    ['ts/container/start.ts', "import type { Table } from '../../cli/output/table.ts';", 'ts imports from ts only'],
    ['ts/container/start.ts', "const cli = await import('../../cli/main.ts');", 'ts imports from ts only'],
    ['ts/container/start.ts', "import type { Sink } from '../../native/index.d.ts';", 'only ts/native loads the addon'],
    ['ts/container/start.ts', "const addon = require('../../native/rcx.node');", 'only ts/native loads the addon'],
    ['cli/commands/run.ts', "import { native } from '../../ts/native/index.ts';", 'never the addon'],
    ['cli/commands/run.ts', "export * from '../../test/support/store.ts';", 'cli imports from cli and the library'],
    ['cli/commands/run.ts', "import { $ } from 'zx';", 'dependencies in package.json'],
    ['cli/commands/run.ts', "import 'fs';", 'node:NAME'],
  ])('finds in %s: %s', (file, line, rule) => {
    write(file, `// a first line\n${line}\n`);
    const found = checkImports(root).filter((violation) => violation.rule.includes(rule));
    expect(found).toMatchObject([{ file, line: 2 }]);
  });
});

describe('importsOf', () => {
  it('passes over comments', () => {
    expect(importsOf("/* import 'a';\n */\n// import 'b';\nimport 'c';\n")).toEqual([{ specifier: 'c', line: 4 }]);
  });

  it('sees imports over several lines', () => {
    expect(importsOf("import {\n  a,\n  b,\n} from './x.ts';")).toEqual([{ specifier: './x.ts', line: 4 }]);
  });
});

describe('checkCrates', () => {
  const crate = (name, ...dependencies) => ({ name, dependencies: dependencies.map((each) => ({ name: each })) });

  it('accepts the directions of the design', () => {
    const packages = [
      crate('rcx-core', 'rustix'),
      crate('rcx-node', 'rcx-core', 'napi'),
      crate('rcx-runtime', 'rcx-core'),
    ];
    expect(checkCrates(packages)).toEqual([]);
  });

  it.each([
    ['rcx-core', 'napi'],
    ['rcx-core', 'rcx-node'],
    ['rcx-runtime', 'rcx-node'],
    ['rcx-runtime', 'napi-derive'],
    ['rcx-node', 'rcx-runtime'],
  ])('finds %s depending on %s', (name, dependency) => {
    expect(checkCrates([crate(name, dependency)])).toMatchObject([{ specifier: dependency }]);
  });
});
