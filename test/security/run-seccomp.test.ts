import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const X64 = process.arch === 'x64';
const number = (x64: number, arm64: number) => (X64 ? x64 : arm64);
const [EPERM, ENOSYS] = [1, 38];
const NEWUSER = 0x10000000;
const [BIND, ALG, VSOCK] = [4096, 38, 40];

type Call = [name: string, number: number, args: (number | string)[]];

/** Makes system calls in one container, each in a process of its own; the errno of each, 0 for success. */
async function errnosOf(calls: readonly Call[]): Promise<Record<string, number>> {
  // Perl hands strings over as pointers, which must be to something that could be written to.
  const lines = calls.map(([, call, args]) => {
    const list = [call, ...args].map((arg) => JSON.stringify(arg)).join(', ');
    return `if (!fork) { my @call = (${list}); $! = 0; my $r = syscall($call[0] + 0, @call[1 .. $#call]); print $r == -1 ? $! + 0 : 0, "\\n"; exit } wait;`;
  });
  const output = await store.ok(['run', '--rm', 'ubuntu', 'perl', '-e', `$| = 1; ${lines.join('\n')}`]);
  const errnos = output.trim().split('\n').map(Number);
  return Object.fromEntries(calls.map(([name], index) => [name, errnos[index] ?? Number.NaN]));
}

describe('the seccomp filter', () => {
  it('is active, for the init too', async () => {
    const grep = ['grep', '-h', '^Seccomp:', '/proc/self/status', '/proc/1/status'];
    expect(await store.ok(['run', '--rm', '--init', 'ubuntu', ...grep])).toBe('Seccomp:\t2\nSeccomp:\t2\n');
  });

  it('refuses what could reach the host or its kernel', async () => {
    const refused: [...Call, number][] = [
      ['unshare(CLONE_NEWUSER)', number(272, 97), [NEWUSER], EPERM],
      ['clone(CLONE_NEWUSER)', number(56, 220), [NEWUSER | 17, 0, 0, 0, 0], EPERM],
      ['clone3, whose flags cannot be seen', 435, [0, 0], ENOSYS],
      ['mount', number(165, 40), ['/', '/mnt', 'none', BIND, 0], EPERM],
      ['open_tree', 428, [-100, '/', 0], EPERM],
      ['fsopen', 430, ['tmpfs', 0], EPERM],
      ['pivot_root', number(155, 41), ['/', '/'], EPERM],
      ['setns', number(308, 268), [0, 0], EPERM],
      ['keyctl', number(250, 219), [0, -3, 0], EPERM],
      ['add_key', number(248, 217), ['user', 'x', 'y', 1, -3], EPERM],
      ['request_key', number(249, 218), ['user', 'x', 0, -3], EPERM],
      ['bpf', number(321, 280), [0, 0, 0], EPERM],
      ['perf_event_open', number(298, 241), [0, 0, -1, -1, 0], EPERM],
      ['userfaultfd', number(323, 282), [0], EPERM],
      ['io_uring_setup', 425, [1, 0], EPERM],
      ['open_by_handle_at (the way out called Shocker)', number(304, 265), [0, 0, 0], EPERM],
      ['kexec_load', number(246, 104), [0, 0, 0, 0], EPERM],
      ['init_module', number(175, 105), [0, 0, ''], EPERM],
      ['delete_module', number(176, 106), ['x', 0], EPERM],
      ['reboot', number(169, 142), [0, 0, 0], EPERM],
      ['swapon', number(167, 224), ['/x', 0], EPERM],
      ['quotactl', number(179, 60), [0, 0, 0, 0], EPERM],
      ['syslog', number(103, 116), [10, 0, 0], EPERM],
      ['personality(ADDR_NO_RANDOMIZE)', number(135, 92), [0x40000], EPERM],
      ['socket(AF_ALG)', number(41, 198), [ALG, 5, 0], EPERM],
      ['socket(AF_VSOCK)', number(41, 198), [VSOCK, 1, 0], EPERM],
      ['a call that no kernel has yet', 9999, [], ENOSYS],
    ];
    const calls = refused.map(([name, call, args]): Call => [name, call, args]);
    expect(await errnosOf(calls)).toEqual(Object.fromEntries(refused.map(([name, , , errno]) => [name, errno])));
  });

  it('allows what programs need', async () => {
    const calls: Call[] = [
      ['getpid', number(39, 172), []],
      ['memfd_create', number(319, 279), ['x', 0]],
      ['ptrace(PTRACE_TRACEME), for debuggers', number(101, 117), [0, 0, 0, 0]],
      ['personality(PER_LINUX)', number(135, 92), [0]],
      ['socket(AF_INET)', number(41, 198), [2, 1, 0]],
    ];
    expect(await errnosOf(calls)).toEqual(Object.fromEntries(calls.map(([name]) => [name, 0])));
  });

  it('lets programs make threads and processes', async () => {
    expect(
      await store.ok(['run', '--rm', 'ubuntu', 'bash', '-c', 'echo $(echo a | cat) $(seq 3 | xargs -P3 -n1 | wc -l)']),
    ).toBe('a 3\n');
  });
});

/** On x86-64 the same process can make calls by two more conventions, each with numbers of its own. */
const OTHER_DOORS = `
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(void) {
  long x32 = syscall(0x40000000 + SYS_unshare, 0x10000000);
  printf("x32 %ld %d\\n", x32, errno);
  long i386;
  __asm__ volatile("int $0x80" : "=a"(i386) : "a"(310L), "b"(0x10000000L) : "memory");
  printf("i386 %ld\\n", i386);
  __asm__ volatile("int $0x80" : "=a"(i386) : "a"(20L) : "memory");
  printf("getpid %d\\n", i386 == getpid());
  return 0;
}
`;

describe.runIf(X64)('other conventions for system calls (x86-64 only)', () => {
  it('work as with docker, and are no way around the filter', async () => {
    const [source, program] = [join(store.folder, 'doors.c'), join(store.folder, 'doors')];
    writeFileSync(source, OTHER_DOORS);
    await execa('gcc', ['-static', '-o', program, source]);
    const output = await store.ok(['run', '--rm', '-v', `${program}:/doors`, 'ubuntu', '/doors']);
    expect(output).toMatch(/^x32 -1 (1|38)\ni386 -1\ngetpid 1\n$/);
  });
});
