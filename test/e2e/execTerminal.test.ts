import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { logged, ready, removeAll, stateOf } from '../support/life.ts';
import { Terminal } from '../support/pty.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

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

describe('rcx exec -it', () => {
  it('is a shell with the window’s size, from the start and later', async () => {
    await ready(store, ['--name', 'box']);
    await terminal.resize(91, 33);
    await terminal.type('$rcx exec -it -e PS1="box> " box bash --norc');
    await terminal.waitFor(/box>$/);
    await terminal.type('stty size');
    await terminal.waitFor(/^33 91$/m);
    await terminal.resize(70, 20);
    await terminal.type('until stty size | grep "^20 70"; do sleep 0.05; done');
    await terminal.waitFor(/^20 70$/m);
    await terminal.type('exit 42');
    await terminal.waitFor(/host>$/);
    await terminal.type('echo code $?');
    await terminal.waitFor(/^code 42$/m);
  });

  it('leaves the terminal as it was', async () => {
    await ready(store, ['--name', 'box']);
    const before = await terminal.run('stty -a');
    await terminal.run('$rcx exec -it box true; $rcx exec -it box no-such-program; $rcx exec -it box stty raw -echo');
    expect(await terminal.run('stty -a')).toBe(before);
  });
});

describe('rcx run -it', () => {
  it('is left with the detach keys, attached to, and left with others', async () => {
    await terminal.type('$rcx run -it --name box -e PS1="box> " ubuntu bash --norc');
    await terminal.waitFor(/box>$/);
    await terminal.type('echo one');
    await terminal.waitFor(/^one$/m);
    await terminal.key('C-p');
    await terminal.key('C-q');
    await terminal.waitFor(/host>$/);
    await terminal.type('echo code $?');
    await terminal.waitFor(/^code 0$/m);
    expect(await store.ok(['ps'])).toMatch(/Up .*box/);
    await terminal.type('$rcx attach --detach-keys ctrl-a,x box');
    await terminal.rouse(/box>$/);
    await terminal.type('echo two');
    await terminal.waitFor(/^two\nbox>$/m);
    await terminal.key('C-a');
    await terminal.key('x');
    await terminal.waitFor(/host>$/);
    await terminal.type('$rcx start -ai box');
    await terminal.rouse(/box>$/);
    await terminal.type('exit 5');
    await terminal.waitFor(/exit\nhost>$/);
    await terminal.type('echo code $?');
    await terminal.waitFor(/^code 5$/m);
  });

  it('refuses detach keys that are none', async () => {
    expect(await terminal.run('$rcx run -it --rm --detach-keys nonsense ubuntu true')).toMatch(/^rcx: .*nonsense.*\n$/);
  });

  it('goes on when its window is closed, and can be attached to again', async () => {
    await terminal.type(
      '$rcx run -it --name box ubuntu sh -c "trap \'echo got\' HUP; echo ready; while :; do sleep 0.05; done"',
    );
    await terminal.waitFor(/^ready$/m);
    const id = (await store.ok(['ps', '-q', '--no-trunc'])).trimEnd();
    await terminal.close();
    await store.ok(['exec', 'box', 'sh', '-c', 'echo still > /proc/1/fd/1']);
    expect(await logged(store, 'box', /still/)).not.toMatch(/got/);
    expect(stateOf(store, id).status).toBe('running');
  });
});
