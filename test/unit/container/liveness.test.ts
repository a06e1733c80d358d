import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { identify, isAlive } from '../../../ts/container/liveness.ts';
import { bootId } from '../../../ts/store/boot.ts';

const children: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start(program: string, ...args: string[]) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  return { child, pid: child.pid };
}

describe('identify and isAlive', () => {
  it('know a process while it runs, and not after', async () => {
    const { child, pid } = await start('sleep', '60');
    const identity = identify(pid);
    if (identity === undefined) throw new Error('it was not found');
    expect(identity).toEqual({ pid, startTime: expect.stringMatching(/^[0-9]+$/), bootId: bootId() });
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
    expect(identify(pid)).toBeUndefined();
  });

  it('take a process that only waits to be collected for dead', async () => {
    // A shell that becomes a program which never collects its child; until then the shell itself might.
    const untilBecome = 'until grep -q sleep /proc/$$/comm; do :; done';
    const { child } = await start('sh', '-c', `(${untilBecome}) & echo $!; exec sleep 60`);
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const state = () => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    await expect.poll(state).toBe('Z');
    const identity = identify(pid);
    if (identity === undefined) throw new Error('it was collected');
    expect(isAlive(identity)).toBe(false);
  });

  it('tell apart a later process with the same pid, and one of another boot', () => {
    const own = identify(process.pid);
    if (own === undefined) throw new Error('this process was not found');
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ ...own, startTime: String(Number(own.startTime) - 1) })).toBe(false);
    expect(isAlive({ ...own, bootId: '00000000-0000-0000-0000-000000000000' })).toBe(false);
  });

  it('read past a name that looks like fields', async () => {
    const { pid } = await start('bash', '-c', 'exec -a x sleep 60');
    const odd = await start('sh', '-c', "printf ') Z 1 (x' > /proc/self/comm; echo; read x");
    await once(odd.child.stdout ?? odd.child, 'data');
    const [plain, strange] = [identify(pid), identify(odd.pid)];
    expect(readFileSync(`/proc/${odd.pid}/comm`, 'utf8')).toBe(') Z 1 (x\n');
    expect(strange && isAlive(strange)).toBe(true);
    expect(Number(strange?.startTime)).toBeGreaterThanOrEqual(Number(plain?.startTime));
  });
});
