import { existsSync, readdirSync } from 'node:fs';
import { beforeEach, expect, it } from 'vitest';
import { createContainer } from '../../../ts/container/create.ts';
import { identify } from '../../../ts/container/liveness.ts';
import { atStandstill, endAbandonedStandstill } from '../../../ts/container/pause.ts';
import type { StoredContainer } from '../../../ts/container/store.ts';
import { TestEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';

const scratch = scratchDirectory();

let own: TestEngine;
let running: StoredContainer;
beforeEach(async () => {
  own = new TestEngine(scratch);
  const { image } = await own.add('localhost/base:1', [new TarBuilder().file('a').build()]);
  const stored = await createContainer(own.engine, { image, reference: 'base' }, { command: ['sh'] });
  // It says that it runs, but its process is gone, and its cgroup with it.
  running = {
    ...stored,
    state: { ...stored.state, status: 'running', process: { pid: 1, startTime: '', bootId: '' } },
  };
});

/** The same, with a process that lives. */
const alive = (): StoredContainer => {
  const process = identify(globalThis.process.pid);
  return { ...running, state: { ...running.state, ...(process && { process }) } };
};

const remove = () => own.engine.containers.remove(running);

describeWith({ root: true }, 'a container that shall stand still', () => {
  it('and has ended meanwhile is read as it is', async () => {
    expect(await atStandstill(running, async () => 'read')).toBe('read');
    expect(readdirSync(running.folder)).not.toContain('standstill.lock');
  });

  it('and cannot is an error, after which nobody waits for it', async () => {
    await expect(atStandstill(alive(), async () => 'read')).rejects.toMatchObject({ code: 'ERR_RCX_CGROUP' });
    expect(readdirSync(running.folder)).not.toContain('standstill.lock');
  });

  it('stands still for one at a time', async () => {
    const order: string[] = [];
    const body = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} ends`);
    };
    await Promise.all([atStandstill(running, body('one')), atStandstill(running, body('two'))]);
    expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('for somebody else can be waited for no longer than one wants', async () => {
    const waiting = atStandstill(running, async () => {
      const second = atStandstill(running, async () => 'read', AbortSignal.timeout(20));
      await expect(second).rejects.toMatchObject({ name: expect.stringMatching(/Timeout|Abort/) });
      return 'first';
    });
    expect(await waiting).toBe('first');
  });

  it('and is removed does not come back', async () => {
    await remove();
    await expect(atStandstill(running, async () => 'read')).rejects.toMatchObject({ code: 'ERR_RCX_LOCK' });
    await endAbandonedStandstill(running);
    expect(existsSync(running.folder)).toBe(false);
  });
});
