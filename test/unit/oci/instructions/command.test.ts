import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../../ts/oci/instructions/changes.ts';
import type { ExecutionConfig } from '../../../../ts/oci/types.ts';

const invalid = (problem: string) =>
  expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE', message: expect.stringContaining(problem) });

describe('CMD', () => {
  it.each<[string, string[]]>([
    ['CMD ["ls", "-l", ""]', ['ls', '-l', '']],
    ['CMD []', []],
    ['CMD ls -l', ['/bin/sh', '-c', 'ls -l']],
    ['CMD  echo "$HOME"  | cat ', ['/bin/sh', '-c', 'echo "$HOME"  | cat']],
    ['CMD echo "a \\\n  b"', ['/bin/sh', '-c', 'echo "a   b"']],
    // Not JSON, so the shell has to deal with it.
    ["CMD ['ls']", ['/bin/sh', '-c', "['ls']"]],
    ['CMD ["ls"] x', ['/bin/sh', '-c', '["ls"] x']],
    ['CMD {"a": 1}', ['/bin/sh', '-c', '{"a": 1}']],
    ['CMD [ -f /x ]', ['/bin/sh', '-c', '[ -f /x ]']],
    ['CMD -- --version', ['/bin/sh', '-c', '--version']],
  ])('%s', (change, Cmd) => expect(applyChanges({ Cmd: ['old'] }, [change])).toEqual({ Cmd }));

  it('takes the shell of the config', () => {
    const config = { Shell: ['/bin/bash', '-ec'] };
    expect(applyChanges(config, ['CMD ls'])).toEqual({ ...config, Cmd: ['/bin/bash', '-ec', 'ls'] });
    expect(applyChanges({ Shell: [] }, ['CMD ls'])).toEqual({ Shell: [], Cmd: ['/bin/sh', '-c', 'ls'] });
  });

  it.each([
    ['CMD', 'it needs an argument'],
    ['CMD [1]', 'its list may hold strings only'],
    ['CMD ["a", ["b"]]', 'its list may hold strings only'],
    ['CMD ["a\\u0000b"]', 'it contains a NUL character'],
    ['CMD --shell ls', 'it has no option "--shell"'],
  ])('refuses %s', (change, problem) => expect(() => applyChanges({}, [change])).toThrow(invalid(problem)));
});

describe('ENTRYPOINT', () => {
  const before: ExecutionConfig = { User: 'me', Entrypoint: ['old'], Cmd: ['old argument'] };

  it.each<[string, string[], Partial<ExecutionConfig>]>([
    ['removes a Cmd from before', ['ENTRYPOINT ["run"]'], { Entrypoint: ['run'] }],
    ['has a shell form', ['entrypoint run it'], { Entrypoint: ['/bin/sh', '-c', 'run it'] }],
    ['keeps a CMD that follows', ['ENTRYPOINT ["run"]', 'CMD ["a"]'], { Entrypoint: ['run'], Cmd: ['a'] }],
    ['keeps a CMD that came first', ['CMD ["a"]', 'ENTRYPOINT ["run"]'], { Entrypoint: ['run'], Cmd: ['a'] }],
    ['removes a CMD that was empty', ['CMD []', 'ENTRYPOINT ["run"]'], { Entrypoint: ['run'] }],
    [
      'keeps a CMD that was emptied once one was set',
      ['CMD ["a"]', 'CMD []', 'ENTRYPOINT ["run"]'],
      { Entrypoint: ['run'], Cmd: [] },
    ],
    ['is removed by an empty list, and Cmd with it', ['ENTRYPOINT []'], {}],
    ['is removed by nothing at all', ['ENTRYPOINT'], {}],
    ['leaves a CMD when it is removed', ['CMD ["a"]', 'ENTRYPOINT []'], { Cmd: ['a'] }],
  ])('%s', (_, changes, after) => expect(applyChanges(before, changes)).toEqual({ User: 'me', ...after }));

  it('leaves no member without a value', () => {
    expect(Object.keys(applyChanges(before, ['ENTRYPOINT []']))).toEqual(['User']);
  });
});
