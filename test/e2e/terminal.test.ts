import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { removeAll } from '../support/life.ts';
import { isRunning, processesUsing, waitUntil } from '../support/processes.ts';
import { Terminal } from '../support/pty.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { unlessSingle } from '../support/rootOnly.ts';

let store: Store;
let terminal: Terminal;
beforeAll(async () => {
  store = await newStore({ images: true });
});
beforeEach(async () => {
  terminal = await Terminal.open({ ...store.env, rcx: RCX_BIN });
});
afterEach(async () => {
  await terminal.close();
  await removeAll(store);
});
afterAll(() => store.close());

const SHELL = '$rcx run -it --rm -e PS1="box> " ubuntu bash --norc';

/** The process of the command line that runs in the terminal. */
function rcxProcess(): number {
  const [found] = processesUsing(store.root).filter(({ command }) => /^node .*rcx.*\brun\b/.test(command));
  if (found === undefined) throw new Error('no rcx runs');
  return found.pid;
}

describe('rcx run -it', () => {
  it('gives a shell that takes input, and ends with its exit code', async () => {
    await terminal.type(SHELL);
    await terminal.waitFor(/box>$/);
    await terminal.type('echo $((6 * 7)) answers; tty');
    await terminal.waitFor(/^42 answers\n\/dev\/pts\/0\n/m);
    await terminal.type('exit 42');
    await terminal.waitFor(/exit\nhost>$/);
    await terminal.type('echo code $?');
    await terminal.waitFor(/^code 42$/m);
  });

  it('has the window’s size from the start, and follows it', async () => {
    await terminal.resize(91, 33);
    await terminal.type(SHELL);
    await terminal.waitFor(/box>$/);
    await terminal.type('stty size');
    await terminal.waitFor(/^33 91$/m);
    await terminal.resize(120, 40);
    await terminal.type('until stty size | grep "^40 120"; do sleep 0.05; done');
    await terminal.waitFor(/^40 120$/m);
    await terminal.type('trap "echo resized to \\$(stty size)" WINCH');
    await terminal.resize(70, 20);
    await terminal.key('Enter');
    await terminal.waitFor(/^(box> )?resized to 20 70$/m);
  });

  it('passes keys on as bytes: Ctrl-C to the program, Ctrl-D as end of input, Ctrl-Z to its shell', async () => {
    await terminal.type(SHELL);
    await terminal.waitFor(/box>$/);
    // What is typed before bash has set the terminal up for the program is read as bash's own: each program says that it is there.
    await terminal.type(`sh -c 'echo first; exec sleep 100'`);
    await terminal.waitFor(/^first$/m);
    await terminal.key('C-c');
    await terminal.waitFor(/\^C\nbox>$/);
    await terminal.type('echo after $?');
    await terminal.waitFor(/^after 130$/m);
    await terminal.type(`sh -c 'echo second; exec sleep 200'`);
    await terminal.waitFor(/^second$/m);
    await terminal.key('C-z');
    await terminal.waitFor(/Stopped +sh -c .*exec sleep 200/);
    await terminal.type('echo now; cat');
    await terminal.waitFor(/^now$/m);
    await terminal.type('typed');
    await terminal.waitFor(/^typed\ntyped$/m);
    await terminal.key('C-d');
    await terminal.waitFor(/box>$/);
    await terminal.key('C-d');
    await terminal.waitFor(/There are stopped jobs.\nbox>$/);
    await terminal.key('C-d');
    await terminal.waitFor(/host>$/);
  });

  it('leaves the terminal’s settings as they were', async () => {
    const before = await terminal.run('stty -a');
    expect(before).toContain('icanon');
    await terminal.type(SHELL);
    await terminal.waitFor(/box>$/);
    await terminal.type('stty raw -echo; exit');
    await terminal.waitFor(/host>$/);
    expect(await terminal.run('stty -a')).toBe(before);
  });

  it('leaves them so too when it is ended by a signal', async () => {
    const before = await terminal.run('stty -a');
    await terminal.type('$rcx run -it --rm --init ubuntu sh -c "echo ready; exec sleep 100"; echo code $?');
    await terminal.waitFor(/^ready$/m);
    process.kill(rcxProcess(), 'SIGTERM');
    await terminal.waitFor(/code 143\nhost>$/);
    expect(await terminal.run('stty -a')).toBe(before);
  });

  it('leaves them so too when the program cannot be run', async () => {
    const before = await terminal.run('stty -a');
    await terminal.run('$rcx run -it --rm ubuntu no-such-program; $rcx run -it --rm -u nobody-here ubuntu true');
    expect(await terminal.run('stty -a')).toBe(before);
  });

  it.each([SHELL, '$rcx run -it --rm --init ubuntu sleep 100'])('goes on without the window: %s', async (line) => {
    await terminal.type(line);
    await waitUntil(async () => /running|Up/.test(await store.ok(['ps'])));
    const rcx = rcxProcess();
    await terminal.close();
    await waitUntil(() => !isRunning(rcx));
    const [id = ''] = (await store.ok(['ps', '-q'])).split('\n');
    expect(await store.ok(['exec', id, 'echo', 'alive'])).toBe('alive\n');
    await store.ok(['rm', '-f', id]);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('shows output of the program as a terminal does, errors included', async () => {
    expect(await terminal.run('$rcx run -t --rm ubuntu sh -c "echo out; echo err >&2; test -t 1 && echo tty"')).toBe(
      'out\nerr\ntty\n',
    );
  });
});

describe('rcx run -t', () => {
  it('makes a terminal although there is none outside', async () => {
    expect(await store.ok(['run', '-t', '--rm', 'ubuntu', 'sh', '-c', 'tty; stty size; echo $TERM'])).toBe(
      '/dev/pts/0\r\n24 80\r\nxterm\r\n',
    );
  });

  it('refuses -it when input is no terminal', async () => {
    expectFailure(await store.rcx(['run', '-it', '--rm', 'ubuntu', 'true']), 125, /not a terminal.*leave out -t/);
  });

  unlessSingle('has a console and a controlling terminal', async () => {
    const script = 'echo to console > /dev/console; echo to tty > /dev/tty; stat -c %G:%a $(tty)';
    expect(await store.ok(['run', '-t', '--rm', 'ubuntu', 'sh', '-c', script])).toBe(
      'to console\r\nto tty\r\ntty:620\r\n',
    );
  });
});
