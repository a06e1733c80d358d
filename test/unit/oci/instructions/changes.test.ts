import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RcxError } from '../../../../ts/errors.ts';
import { applyChanges } from '../../../../ts/oci/instructions/changes.ts';
import { parseImageConfig } from '../../../../ts/oci/parse.ts';
import type { ExecutionConfig } from '../../../../ts/oci/types.ts';

const CONFIG: ExecutionConfig = {
  User: 'me',
  ExposedPorts: { '22/tcp': {} },
  Env: ['PATH=/bin', 'A=a b'],
  Entrypoint: ['run'],
  Cmd: ['x'],
  Volumes: { '/old': {} },
  WorkingDir: '/w',
  Labels: { a: '1' },
  StopSignal: 'SIGTERM',
  StopTimeout: 5,
  Healthcheck: { Test: ['NONE'] },
  OnBuild: ['RUN x'],
  Shell: ['/bin/sh', '-c'],
};

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

function failureOf(...changes: string[]): RcxError {
  try {
    applyChanges(CONFIG, changes);
  } catch (error) {
    if (error instanceof RcxError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('applyChanges', () => {
  it('does one change after the other', () => {
    const changes = [
      'ENV NAME=app DIR=/srv',
      'workdir $DIR',
      'Workdir $NAME',
      'EXPOSE 80',
      'VOLUME $DIR/data',
      'LABEL dir=$DIR',
      'USER $NAME',
      'STOPSIGNAL INT',
      'HEALTHCHECK CMD true',
      'ONBUILD USER root',
      'ENTRYPOINT ["app"]',
      'CMD ["--serve"]',
    ];
    expect(applyChanges({}, changes)).toEqual({
      Env: ['NAME=app', 'DIR=/srv'],
      WorkingDir: '/srv/app',
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/srv/data': {} },
      Labels: { dir: '/srv' },
      User: 'app',
      StopSignal: 'INT',
      Healthcheck: { Test: ['CMD-SHELL', 'true'] },
      OnBuild: ['USER root'],
      Entrypoint: ['app'],
      Cmd: ['--serve'],
    });
  });

  it('takes several instructions from one change, and comments', () => {
    expect(applyChanges({}, ['# who\nUSER me\n\n  CMD \\\n  ls', '# escape=\\', ''])).toEqual({
      User: 'me',
      Cmd: ['/bin/sh', '-c', 'ls'],
    });
  });

  it('changes nothing without changes', () => expect(applyChanges(CONFIG, [])).toEqual(CONFIG));

  it('keeps members that no instruction is about', () => {
    expect(applyChanges(CONFIG, ['USER you'])).toEqual({ ...CONFIG, User: 'you' });
  });

  it.each([
    'RUN make',
    'FROM x',
    'COPY a b',
    'ADD a b',
    'ARG a',
    'SHELL ["a"]',
    'MAINTAINER me',
    'toString x',
    '__proto__ x',
  ])('refuses %s', (change) => {
    const keyword = change.split(' ')[0]?.toUpperCase();
    const error = failureOf('USER me', change);
    expect(error.message).toBe(`invalid change ${JSON.stringify(change)}: ${keyword} is not a valid change command`);
    expect(error).toMatchObject({ code: 'ERR_RCX_INVALID_CHANGE', step: 'apply change', path: change });
    expect(error.hint).toBe(
      'a change is one of CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR.',
    );
  });

  it('says how an instruction is written', () => {
    expect(failureOf('ENV A').hint).toBe('write it as ENV NAME=value OTHER="two words", or ENV NAME and one value.');
  });

  it.each([
    ['', 'there is no instruction in it'],
    ['# a comment', 'there is no instruction in it'],
    ['USER a\0b', 'it contains a NUL character'],
    ['# escape=`\nUSER a`', 'another escape character is not supported'],
  ])('refuses %j', (change, problem) => {
    expect(failureOf(change)).toMatchObject({
      code: 'ERR_RCX_INVALID_CHANGE',
      message: expect.stringContaining(problem),
    });
  });

  it('names the instruction that is wrong, on one line and not at length', () => {
    const { message } = failureOf(`USER me\nENV \u001b[2J${'x'.repeat(10_000)}`);
    expect(message).toMatch(/^invalid change "ENV \\u\{1b\}\[2Jx+…": "\\u\{1b\}\[2Jx+…" has no value$/);
    expect(message.length).toBeLessThan(350);
  });

  it('stops variables that grow without end', () => {
    const doubling = ['ENV A=aaaaaaaa', ...Array.from({ length: 60 }, () => 'ENV A=$A$A')];
    expect(failureOf(...doubling).message).toBe(
      'invalid change "ENV A=$A$A": its variables hold more than 1048576 characters',
    );
    const Env = [`A=${'a'.repeat(100_000)}`];
    expect(applyChanges({ Env }, ['ENV B="$A$A$A"']).Env?.[1]).toHaveLength(300_002);
    expect(() => applyChanges({ Env }, [`LABEL ${'a=$A '.repeat(100)}`])).toThrow(RcxError);
  });

  // Anything quadratic or exponential would not end before this test's time limit.
  it('does not take long over long changes', () => {
    const long = 200_000;
    for (const text of [' ', '\\', '"', '""', "'a'", '$', '${', '$a', '../', '[', '--', '-- ', 'a=b ', '1 ', '\\ \n']) {
      for (const keyword of ['ENV', 'LABEL a', 'WORKDIR', 'VOLUME', 'EXPOSE', 'CMD', 'HEALTHCHECK', 'ONBUILD RUN']) {
        try {
          applyChanges({}, [`${keyword} ${text.repeat(long / text.length)}x`]);
        } catch (error) {
          expect(error).toBeInstanceOf(RcxError);
        }
      }
    }
  }, 30_000);
});

describe('whatever the changes are', () => {
  const fragment = fc.constantFrom(
    ...[
      'a',
      'A=',
      '$A',
      '${',
      '}',
      ':-',
      ':+',
      '?',
      '"',
      "'",
      '\\',
      ' ',
      '\t',
      '\r',
      '\n',
      '\\\n',
      '=',
      '#',
      '--',
      '-',
      ',',
    ],
    ...[
      '[',
      ']',
      '["a"]',
      '[1]',
      '"a"',
      '80',
      '/udp',
      '/',
      '..',
      ':',
      'NONE',
      'CMD ',
      'RUN ',
      '<<',
      '\0',
      '\u0085',
      '__proto__',
    ],
    ...['--interval=', '1s', '--retries=3 ', 'constructor', '😀', '\u202e', '\u2028'],
  );
  const rest = fc.oneof(
    { weight: 3, arbitrary: fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
  const keyword = fc.constantFrom(
    ...['CMD ', 'ENTRYPOINT ', 'ENV ', 'EXPOSE ', 'HEALTHCHECK ', 'LABEL ', 'ONBUILD ', 'STOPSIGNAL ', 'USER '],
    ...['VOLUME ', 'WORKDIR ', 'volume\t', 'RUN ', ''],
  );
  const change = fc.tuple(keyword, rest).map((parts) => parts.join(''));
  const env = fc.option(fc.array(fc.oneof(fc.constant('A=a  b'), fc.string())), { nil: undefined });
  const config = env.map((Env): ExecutionConfig => frozen({ ...structuredClone(CONFIG), ...(Env && { Env }) }));

  it('they throw nothing but errors of one line, and make configs that can be read', () => {
    fc.assert(
      fc.property(config, fc.array(change, { maxLength: 3 }), (before, changes) => {
        let after: ExecutionConfig;
        try {
          after = applyChanges(before, changes);
        } catch (error) {
          expect(error).toBeInstanceOf(RcxError);
          const { code, message, hint } = error as RcxError;
          expect(code).toBe('ERR_RCX_INVALID_CHANGE');
          expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          expect(hint).toBeTruthy();
          return;
        }
        const document = {
          architecture: 'amd64',
          os: 'linux',
          rootfs: { type: 'layers', diff_ids: [] },
          config: after,
        };
        expect(parseImageConfig(Buffer.from(JSON.stringify(document))).config).toEqual(after);
      }),
      { numRuns: 3000 },
    );
  });
});
