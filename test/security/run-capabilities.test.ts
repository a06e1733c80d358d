import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';

/** Docker's fourteen: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, … */
const DOCKER_DEFAULT = '00000000a80425fb';
const NONE = '0000000000000000';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

/** The capability sets of a container's program, as the kernel has them. */
async function capabilities(...flags: string[]): Promise<Record<string, string>> {
  const status = await store.ok(['run', '--rm', ...flags, 'ubuntu', 'cat', '/proc/self/status']);
  return Object.fromEntries(
    [...status.matchAll(/^(Cap\w+|NoNewPrivs|Seccomp):\s*(\S+)$/gm)].map(([, name, value]) => [name, value]),
  );
}

describe('capabilities of a container', () => {
  it.each([[[]], [['--init']], [['--no-pivot']], [['--network', 'host']]])(
    'are Docker’s default for root: %j',
    async (flags) => {
      expect(await capabilities(...flags)).toMatchObject({
        CapInh: NONE,
        CapPrm: DOCKER_DEFAULT,
        CapEff: DOCKER_DEFAULT,
        CapBnd: DOCKER_DEFAULT,
        CapAmb: NONE,
      });
    },
  );

  it('are none for an ordinary user, who can gain no more than root has', async () => {
    expect(await capabilities('-u', '9999')).toMatchObject({
      CapInh: NONE,
      CapPrm: NONE,
      CapEff: NONE,
      CapBnd: DOCKER_DEFAULT,
      CapAmb: NONE,
    });
  });

  it('are those of the init, too, which is the container’s PID 1', async () => {
    const status = await store.ok(['run', '--rm', '--init', 'ubuntu', 'cat', '/proc/1/status']);
    expect(/^CapEff:\s*(\S+)$/m.exec(status)?.[1]).toBe(DOCKER_DEFAULT);
    expect(/^CapBnd:\s*(\S+)$/m.exec(status)?.[1]).toBe(DOCKER_DEFAULT);
  });

  it('work through file capabilities and setuid files, within the bounding set', async () => {
    const script =
      'setcap cap_net_raw+ep /usr/bin/cat && exec setpriv --reuid 9999 --clear-groups cat /proc/self/status';
    const status = await store.ok(['run', '--rm', 'ubuntu', 'sh', '-c', script]);
    expect(/^CapEff:\s*(\S+)$/m.exec(status)?.[1]).toBe('0000000000002000');
    const beyond = 'setcap cap_sys_admin+ep /usr/bin/cat && setpriv --reuid 9999 --clear-groups cat /proc/self/status';
    expect((await store.rcx(['run', '--rm', 'ubuntu', 'sh', '-c', beyond])).exitCode).not.toBe(0);
  });
});

describe('what takes a capability that a container does not have', () => {
  it.each([
    ['mount a file system', 'mount -t tmpfs tmpfs /mnt'],
    ['change the hostname', 'hostname other'],
    ['set the clock', 'date -s 2000-01-01'],
    ['read the kernel’s log', 'dmesg'],
    ['remount the root of a read-only path', 'mount -o remount,rw /proc/sys'],
    ['unmount a mask', 'umount /proc/kcore'],
    ['raise its priority', 'nice -n -5 true 2>&1 | grep -q "cannot set niceness" && exit 1'],
    ['enter the init’s namespaces', 'nsenter --target 1 --mount true'],
  ])('is refused: %s', async (_, script) => {
    const { exitCode } = await store.rcx(['run', '--rm', 'ubuntu', 'sh', '-c', script]);
    expect(exitCode).toBeGreaterThan(0);
    expect(exitCode).toBeLessThan(126);
  });
});
