import { describe, expect, it } from 'vitest';
import { DEFAULT_PATH } from '../../../../ts/container/spec/defaults.ts';
import { executionOf, processArgs, processCwd, processEnv } from '../../../../ts/container/spec/process.ts';

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
    expect(processArgs(executionOf(config, options))).toEqual(expected);
  });

  it.each([
    ['nothing at all', {}, {}],
    ['an empty image', { Entrypoint: [], Cmd: [] }, {}],
    ['an entrypoint that was taken away', both, { entrypoint: [] }],
  ])('refuses %s', (_, config, options) => {
    expect(() => processArgs(executionOf(config, options))).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_NO_COMMAND' }),
    );
  });
});

describe('processEnv', () => {
  it('begins with Docker’s defaults', () => {
    expect(processEnv({}, false, 'box')).toEqual([DEFAULT_PATH, 'HOSTNAME=box']);
    expect(processEnv({}, true, 'box')).toEqual([DEFAULT_PATH, 'HOSTNAME=box', 'TERM=xterm']);
  });

  it('lets the image win over the defaults, and the caller over the image', () => {
    const execution = executionOf(
      { Env: ['PATH=/image', 'A=image', 'B=image'] },
      { tty: true, env: ['A=mine', 'TERM=dumb'] },
    );
    expect(processEnv(execution, true, 'h')).toEqual(['PATH=/image', 'HOSTNAME=h', 'TERM=dumb', 'A=mine', 'B=image']);
  });

  it('keeps the last of a name, and names apart that begin alike', () => {
    const { Env } = executionOf({}, { env: ['A=1', 'AB=2', 'A=3=4', 'A_='] });
    expect(Env).toEqual(['A=3=4', 'AB=2', 'A_=']);
  });
});

describe('executionOf', () => {
  const image = {
    User: 'web',
    WorkingDir: '/srv',
    StopSignal: 'SIGINT',
    Labels: { a: 'image', b: 'image' },
    Volumes: { '/data': {} },
    ExposedPorts: { '80/tcp': {} },
  };

  it('keeps what the image says and nobody wanted otherwise', () => {
    expect(executionOf(image, {})).toEqual(image);
  });

  it('has what the creator wanted instead', () => {
    const options = { user: '0', workdir: '/mine', stopSignal: 'HUP', labels: { a: 'mine' }, entrypoint: ['e'] };
    expect(executionOf({ ...image, Cmd: ['gone'] }, options)).toEqual({
      ...image,
      User: '0',
      WorkingDir: '/mine',
      StopSignal: 'HUP',
      Labels: { a: 'mine', b: 'image' },
      Entrypoint: ['e'],
    });
  });
});

describe('processCwd', () => {
  it('is the root by default', () => expect(processCwd({})).toBe('/'));

  it('is relative to nothing', () => {
    expect(() => processCwd({ WorkingDir: 'srv' })).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION' }),
    );
  });
});
