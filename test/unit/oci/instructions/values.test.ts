import { describe, expect, it } from 'vitest';
import { parseSignal } from '../../../../ts/container/signals.ts';
import { applyChanges } from '../../../../ts/oci/instructions/changes.ts';

const Env = ['DIR=/srv/app', 'ME=web', 'GROUP=www', 'SIG=QUIT', 'EMPTY='];
const apply = (change: string) => applyChanges({ Env, WorkingDir: '/work', Volumes: { '/old': {} } }, [change]);
const invalid = (problem: string) =>
  expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE', message: expect.stringContaining(problem) });

describe('WORKDIR', () => {
  it.each([
    ['WORKDIR /app', '/app'],
    ['WORKDIR /a//b/./c/../d/', '/a/b/d'],
    ['WORKDIR /../..', '/'],
    ['WORKDIR //', '/'],
    ['WORKDIR sub/dir', '/work/sub/dir'],
    ['WORKDIR ..', '/'],
    ['WORKDIR ../../x', '/x'],
    ['WORKDIR .', '/work'],
    ['WORKDIR $DIR/log', '/srv/app/log'],
    ['WORKDIR x$DIR', '/work/x/srv/app'],
    ["WORKDIR '$DIR'", '/work/$DIR'],
    ['WORKDIR "/a b"/c d', '/a b/c d'],
    ['WORKDIR ...', '/work/...'],
  ])('%s', (change, dir) => expect(apply(change).WorkingDir).toBe(dir));

  it('starts at the root where there is no working directory, and is absolute even where that one is not', () => {
    expect(applyChanges({}, ['WORKDIR a', 'WORKDIR b'])).toEqual({ WorkingDir: '/a/b' });
    expect(applyChanges({ WorkingDir: 'rel' }, ['WORKDIR a'])).toEqual({ WorkingDir: '/rel/a' });
  });

  it.each([
    ['WORKDIR', 'it needs an argument'],
    ['WORKDIR ""', 'the path is empty'],
    ['WORKDIR $EMPTY', 'the path is empty'],
  ])('refuses %s', (change, problem) => expect(() => apply(change)).toThrow(invalid(problem)));
});

describe('USER', () => {
  it.each([
    ['USER me', 'me'],
    ['user 1000:1000', '1000:1000'],
    [`USER $ME:\${GROUP}`, 'web:www'],
    [`USER \${UID:-1000}`, '1000'],
    ['USER "$ME"', 'web'],
  ])('%s', (change, name) => expect(apply(change).User).toBe(name));

  it.each([
    ['USER', 'it needs an argument'],
    ['USER $NOBODY', 'the user is empty'],
    ['USER ""', 'the user is empty'],
  ])('refuses %s, which must not become root', (change, problem) => {
    expect(() => apply(change)).toThrow(invalid(problem));
  });
});

describe('VOLUME', () => {
  it.each<[string, string[]]>([
    ['VOLUME /data', ['/data']],
    ['VOLUME /a /b\t/c', ['/a', '/b', '/c']],
    ['VOLUME ["/a b", "/c"]', ['/a b', '/c']],
    ['VOLUME ["$DIR", "\'$DIR\'"]', ['/srv/app', '$DIR']],
    ['VOLUME $DIR /x\\$DIR', ['/srv/app', '/x$DIR']],
    ['VOLUME [/a]', ['[/a]']],
    ['VOLUME __proto__ constructor', ['__proto__', 'constructor']],
  ])('%s', (change, paths) => {
    expect(Object.entries(apply(change).Volumes ?? {})).toEqual(['/old', ...paths].map((path) => [path, {}]));
  });

  it.each([
    ['VOLUME', 'it needs an argument'],
    ['VOLUME []', 'it names no volume'],
    ['VOLUME [""]', 'a path is empty'],
    ['VOLUME ["  "]', 'a path is empty'],
    ['VOLUME /a $EMPTY', 'a path is empty'],
    ['VOLUME [1]', 'its list may hold strings only'],
    ['VOLUME "/a b"', 'a double quote is not closed'],
  ])('refuses %s', (change, problem) => expect(() => apply(change)).toThrow(invalid(problem)));
});

describe('STOPSIGNAL', () => {
  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['term', 'term'],
    ['$SIG', 'QUIT'],
    [`"SIG\${SIG}"`, 'SIGQUIT'],
    ['1', '1'],
    ['64', '64'],
    ['RTMIN', 'RTMIN'],
    ['SIGRTMIN+15', 'SIGRTMIN+15'],
    ['sigrtmax-14', 'sigrtmax-14'],
    ['SIGPOLL', 'SIGPOLL'],
  ])('%s is stored as %s, which rcx can send', (written, StopSignal) => {
    expect(apply(`STOPSIGNAL ${written}`).StopSignal).toBe(StopSignal);
    expect(parseSignal(StopSignal)).toBeGreaterThan(0);
  });

  it.each([
    '',
    '0',
    '65',
    '-9',
    '9.0',
    'SIG',
    'SIGSIGTERM',
    'SIGNONE',
    'SIGTERM KILL',
    'RTMIN+16',
    'RTMIN+0',
    'RTMAX-15',
    'RTMAX+1',
  ])('refuses %j', (written) =>
    expect(() => apply(`STOPSIGNAL "${written}"`)).toThrow(invalid(`"${written}" is no signal`)),
  );
});
