import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { GoCommand } from '../../../cli/command.ts';

interface Parsed {
  command: string;
  operands: string[];
  options: Record<string, unknown>;
}

/** Parses words as a program of this shape does: switches, values, a switch that is on by default, and a group. */
function parse(...words: string[]): Parsed {
  const found: Parsed[] = [];
  const onAction = (_operands: unknown, options: Record<string, unknown>, command: GoCommand): void => {
    found.push({ command: command.name(), operands: command.args, options });
  };
  const root = new GoCommand('root').option('--debug').enablePositionalOptions();
  root.exitOverride().configureOutput({ writeErr: () => undefined });
  const run = root.command('run').argument('<words...>').passThroughOptions();
  run.option('-i, --interactive').option('-t, --tty').option('--rm').option('-w, --workdir <path>');
  run.option('-e, --env <pair>', 'given several times', (pair: string, before: string[] = []) => [...before, pair]);
  const commit = root.command('commit').argument('<words...>').option('-q, --quiet').option('-m, --message <text>');
  commit.option('-p, --pause', 'on by default', true).option('--no-pause').option('--no-trunc');
  const list = root.command('image').command('ls').argument('[words...]').option('-a, --all');
  for (const command of [run, commit, list]) command.action(onAction);
  root.parse(words, { from: 'user' });
  const [parsed] = found;
  if (parsed === undefined) throw new Error('no command was called');
  return { ...parsed, options: { ...root.opts(), ...parsed.options } };
}

const optionsOf = (...words: string[]) => parse(...words).options;

/** The message of what is wrong with the words. */
function refusal(...words: string[]): string {
  try {
    parse(...words);
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
  return '';
}

describe('a switch', () => {
  it.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('is on when it is %s', (value) => {
    expect(optionsOf('run', `--rm=${value}`, `-t=${value}`, 'img')).toEqual({ rm: true, tty: true });
  });

  it.each(['0', 'f', 'F', 'false', 'FALSE', 'False'])('is off when it is %s', (value) => {
    expect(optionsOf('run', `--rm=${value}`, `-t=${value}`, 'img')).toEqual({});
  });

  it.each(['', 'yes', 'tRUE', '2', 'true '])('is refused when it is %j', (value) => {
    const told = `option '--rm' argument '${value}' is invalid. give true or false`;
    expect(refusal('run', `--rm=${value}`, 'img')).toContain(told);
  });

  it('is what was said last', () => {
    expect(optionsOf('run', '--rm', '-it', '--rm=false', '-t=false', 'img')).toEqual({ interactive: true });
    expect(optionsOf('run', '--rm=false', '--rm', 'img')).toEqual({ rm: true });
    expect(optionsOf('run', '--rm', '--rm=false', '--rm=true', 'img')).toEqual({ rm: true });
    expect(optionsOf('commit', '--quiet', '-q=0', 'box')).toMatchObject({ pause: true });
    expect(optionsOf('commit', '--quiet', '-q=0', 'box')).not.toHaveProperty('quiet');
  });

  it('that is on by default can be turned off, by itself and by its negation', () => {
    for (const off of ['--pause=false', '-p=0', '--no-pause', '--no-pause=true']) {
      expect(optionsOf('commit', off, 'box'), off).toMatchObject({ pause: false });
    }
    for (const on of ['--pause=true', '-p', '--no-pause=false']) {
      expect(optionsOf('commit', on, 'box'), on).toMatchObject({ pause: true });
    }
    expect(optionsOf('commit', '--pause=false', '--pause', 'box')).toMatchObject({ pause: true });
    expect(optionsOf('commit', '--no-trunc', '--no-trunc=false', 'box')).toMatchObject({ trunc: true });
  });

  it('takes no word of its own', () => {
    expect(parse('commit', '-q', 'false', 'box')).toMatchObject({
      operands: ['false', 'box'],
      options: { quiet: true },
    });
  });
});

describe('letters behind one hyphen', () => {
  it('are one option each, the last one perhaps with its value', () => {
    const expected = { interactive: true, tty: true, workdir: '/srv' };
    for (const words of [['-itw', '/srv'], ['-itw/srv'], ['-itw=/srv'], ['-it', '-w=/srv'], ['-i', '-tw=/srv']]) {
      expect(parse('run', ...words, 'img'), words.join(' ')).toMatchObject({ operands: ['img'], options: expected });
    }
    expect(optionsOf('run', '-it=false', 'img')).toEqual({ interactive: true });
  });

  it('of which one is unknown are refused', () => {
    expect(refusal('run', '-iz', 'img')).toMatch(/unknown option '-z'/);
    expect(refusal('run', '-z=1', 'img')).toMatch(/unknown option/);
    expect(refusal('run', '-i=maybe', 'img')).toMatch(/'-i, --interactive' argument 'maybe' is invalid/);
  });
});

describe('an option with a value', () => {
  it('takes the next word, whatever it looks like', () => {
    const words = ['-e', '--rm=false', '--env', '--', '-e', '-t', '--env=A=b=c', '-e=A=b', '--env='];
    expect(parse('run', ...words, 'img')).toMatchObject({
      operands: ['img'],
      options: { env: ['--rm=false', '--', '-t', 'A=b=c', 'A=b', ''] },
    });
  });

  it('without one is refused', () => {
    expect(refusal('run', '-e')).toMatch(/'-e, --env <pair>' argument missing/);
    expect(refusal('run', '--rm', '-ie')).toMatch(/'-e, --env <pair>' argument missing/);
  });
});

describe('words that are not the command’s', () => {
  it('stay as they are behind the operand that a program’s words follow', () => {
    const words = ['img', 'cmd', '--rm=false', '-t=true', '-e=A', '--debug=false', '--', '-it', '-'];
    expect(parse('run', '-i', ...words)).toMatchObject({ operands: words, options: { interactive: true } });
    expect(optionsOf('run', '-i', ...words)).toEqual({ interactive: true });
  });

  it('stay as they are behind --', () => {
    expect(parse('commit', '-q', '--', '--quiet=false', '-m=x')).toMatchObject({
      operands: ['--quiet=false', '-m=x'],
      options: { quiet: true },
    });
    expect(parse('run', '--', 'img', '--rm=false')).toMatchObject({ operands: ['img', '--rm=false'] });
  });

  it('are a program’s even when the program above has an option of that name', () => {
    expect(parse('--debug=true', 'run', 'img', '--debug=false')).toMatchObject({
      operands: ['img', '--debug=false'],
      options: { debug: true },
    });
    expect(refusal('commit', 'box', '--debug=true')).toMatch(/unknown option '--debug=true'/);
  });

  it('may stand between options where no program follows', () => {
    expect(parse('commit', 'box', '--pause=false', 'name', '-qm=text', '-')).toMatchObject({
      operands: ['box', 'name', '-'],
      options: { pause: false, quiet: true, message: 'text' },
    });
  });

  it('are those of a command in a group', () => {
    expect(parse('image', 'ls', '-a=true', 'x')).toMatchObject({
      command: 'ls',
      operands: ['x'],
      options: { all: true },
    });
  });
});

describe('an unknown option', () => {
  it.each(['--bogus', '--bogus=true', '--rm-all', '--no-rm', '-x'])('is refused: %s', (word) => {
    expect(refusal('run', word, 'img')).toMatch(/unknown option/);
  });
});
