import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../cli/commands/index.ts';

const FOLDER = resolve(import.meta.dirname, '../../../cli/commands');

let root: Command;
beforeAll(async () => {
  root = new Command('rcx').enablePositionalOptions();
  for (const command of COMMANDS) (await command.load()).register(root);
});

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

describe('the commands', () => {
  it('are registered under the names they are found by', () => {
    expect(root.commands.map((command) => command.name())).toEqual(COMMANDS.map(({ name }) => name));
  });

  it('have Docker’s names in their groups', () => {
    const names = (group: string) => root.commands.find((each) => each.name() === group)?.commands.map((c) => c.name());
    expect(names('container')).toEqual([
      ...['run', 'create', 'start', 'stop', 'restart', 'kill', 'wait', 'pause', 'unpause', 'logs', 'exec', 'attach'],
      ...['ls', 'inspect', 'top', 'stats', 'port', 'rename', 'update'],
      ...['layers', 'cp', 'diff', 'commit', 'export', 'rm', 'prune'],
    ]);
    const files = [
      'ls',
      'pull',
      'push',
      'tag',
      'history',
      'layers',
      'import',
      'save',
      'load',
      'from-host',
      'inspect',
      'rm',
      'prune',
    ];
    expect(names('image')).toEqual(files);
    expect(names('system')).toEqual(['df', 'prune', 'check', 'reset', 'events', 'boot', 'unit', 'info']);
  });

  it('are explained, with each of their flags and arguments', () => {
    for (const command of all(root).slice(1)) {
      expect(command.summary(), command.name()).not.toBe('');
      expect(command.description(), command.name()).not.toBe('');
      for (const option of command.options)
        expect(option.description, `${command.name()} ${option.flags}`).not.toBe('');
      for (const { name, description } of command.registeredArguments.map((a) => ({ ...a, name: a.name() }))) {
        expect(description, `${command.name()} ${name}`).not.toBe('');
      }
    }
  });
});

/** Everything that is loaded with a module: what it imports other than as types or when it is needed. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type\b)[^'"]*?from '([^']+)'/gm,
  )) {
    if (specifier.startsWith('.')) loadedWith(resolve(dirname(file), specifier), seen);
    else seen.add(specifier);
  }
  return seen;
}

describe('what a command loads', () => {
  it.each([
    ...['run', 'ps', 'rm', 'inspect', 'commit', 'images', 'save', 'load', 'import', 'push', 'tag', 'history', 'rmi'],
    ...['search', 'login', 'logout', 'manifest', 'system', 'info', 'version'],
  ])('of %s is no more than it needs', (name) => {
    const loaded = [...loadedWith(resolve(FOLDER, `${name}.ts`))];
    expect(loaded.filter((module) => /^(tar|execa)$/.test(module))).toEqual([]);
    expect(loaded.filter((module) => /\/ts\/(registry|layer)\//.test(module))).toEqual([]);
    expect(loaded.filter((module) => /\/cli\/output\/template\//.test(module))).toEqual([]);
  });

  it('is seen where there is something to see', () => {
    expect([...loadedWith(resolve(FOLDER, '../../ts/image/pull.ts'))].join('\n')).toMatch(/\/ts\/layer\//);
    expect([...loadedWith(resolve(FOLDER, '../../ts/image/archive/save.ts'))]).toContain('tar');
    expect([...loadedWith(resolve(FOLDER, '../../ts/image/archive/load.ts'))]).not.toContain('tar');
    expect([...loadedWith(resolve(FOLDER, '../output/template/index.ts'))].join('\n')).toMatch(/\/template\/printf\//);
  });
});
