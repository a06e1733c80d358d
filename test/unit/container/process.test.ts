import { describe, expect, it } from 'vitest';
import { DEFAULT_PATH } from '../../../ts/container/defaults.ts';
import { processArgs, processEnv } from '../../../ts/container/process.ts';

describe('processArgs', () => {
  const both = { Entrypoint: ['entry', '-e'], Cmd: ['cmd', '-c'] };

  it.each([
    ['the image’s entrypoint and command', both, {}, ['entry', '-e', 'cmd', '-c']],
    ['the image’s command alone', { Cmd: ['cmd'] }, {}, ['cmd']],
    ['a given command instead of the image’s', both, { command: ['mine'] }, ['entry', '-e', 'mine']],
    ['the image’s command for an empty one', both, { command: [] }, ['entry', '-e', 'cmd', '-c']],
    ['a given entrypoint without the image’s command', both, { entrypoint: ['mine'] }, ['mine']],
    ['a given entrypoint with a given command', both, { entrypoint: ['a'], command: ['b'] }, ['a', 'b']],
    ['a given command without any entrypoint', both, { entrypoint: [], command: ['b'] }, ['b']],
    ['empty arguments as they are', {}, { command: ['sh', ''] }, ['sh', '']],
  ])('is %s', (_, config, options, expected) => {
    expect(processArgs(config, options)).toEqual(expected);
  });

  it.each([
    ['nothing at all', {}, {}],
    ['an empty image', { Entrypoint: [], Cmd: [] }, {}],
    ['an entrypoint that was taken away', both, { entrypoint: [] }],
  ])('refuses %s', (_, config, options) => {
    expect(() => processArgs(config, options)).toThrow(expect.objectContaining({ code: 'ERR_RCX_NO_COMMAND' }));
  });
});

describe('processEnv', () => {
  it('begins with Docker’s defaults', () => {
    expect(processEnv({}, {}, 'box')).toEqual([DEFAULT_PATH, 'HOSTNAME=box']);
    expect(processEnv({}, { tty: true }, 'box')).toEqual([DEFAULT_PATH, 'HOSTNAME=box', 'TERM=xterm']);
  });

  it('lets the image win over the defaults, and the caller over the image', () => {
    const env = processEnv(
      { Env: ['PATH=/image', 'A=image', 'B=image'] },
      { tty: true, env: ['A=mine', 'TERM=dumb'] },
      'h',
    );
    expect(env).toEqual(['PATH=/image', 'HOSTNAME=h', 'TERM=dumb', 'A=mine', 'B=image']);
  });

  it('keeps the last of a name, and names apart that begin alike', () => {
    expect(processEnv({}, { env: ['A=1', 'AB=2', 'A=3=4', 'A_='] }, 'h').slice(2)).toEqual(['A=3=4', 'AB=2', 'A_=']);
  });
});
