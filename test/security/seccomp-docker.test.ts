import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { availableCapabilities } from '../../ts/container/security/capabilities.ts';
import { newStore, type Store } from '../support/cli.ts';
import { DOCKER, type Docker, startDocker } from '../support/dockerDaemon.ts';
import { describeWith } from '../support/requires.ts';
import { type Answers, differences, probeRoot, readAnswers } from '../support/syscallProbe.ts';

/** What docker's default profile has opened since 20.10. */
const OPENED = [
  ...['name_to_handle_at', 'process_vm_readv', 'process_vm_writev', 'pkey_alloc', 'pkey_free', 'pkey_mprotect'],
  ...['memfd_secret', 'process_mrelease', 'futex_waitv', 'cachestat', 'fchmodat2', 'map_shadow_stack', 'futex_wake'],
  ...['futex_wait', 'futex_requeue', 'statmount', 'listmount', 'mseal', 'setxattrat', 'getxattrat', 'listxattrat'],
  ...[
    'removexattrat',
    'uretprobe',
    'lsm_get_self_attr',
    'lsm_set_self_attr',
    'lsm_list_modules',
    'set_mempolicy_home_node',
    'clock_settime64',
  ],
];
/** What it has closed. */
const CLOSED = ['io_uring_setup', 'io_uring_enter', 'io_uring_register'];
const CHANGED = new Set([...OPENED, ...CLOSED]);

/** Rules of every kind beside a default that lets the rest through, docker's own runtime among it. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
  syscalls: [
    { names: ['getpriority', 'no_such_call'], action: 'SCMP_ACT_ERRNO' },
    { names: ['sched_yield'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    { names: ['getpgid'], action: 'SCMP_ACT_KILL_PROCESS' },
    { names: ['times'], action: 'SCMP_ACT_TRAP' },
    { names: ['getsid'], action: 'SCMP_ACT_LOG' },
    rule('dup3', [1, 'EQ', 7]),
    rule('lseek', [1, 'GT', 2 ** 33]),
    rule('timerfd_create', [0, 'GE', 2 ** 33], [1, 'NE', 5]),
    rule('fallocate', [2, 'LT', 2 ** 33 + 2]),
    rule('readahead', [1, 'LE', 2 ** 33 + 2]),
    rule('flock', [1, 'MASKED_EQ', 0xf0, 0x20]),
    // The same argument twice: either.
    rule('mincore', [0, 'EQ', 4096], [0, 'EQ', 8192]),
    { names: ['acct'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, includes: { caps: ['CAP_SYS_PACCT'] } },
    { names: ['mlockall'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_IPC_LOCK'] } },
    { names: ['munlockall'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, includes: { minKernel: '99.0' } },
    { names: ['bind'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
  ],
};

/** Calls that tell those rules apart: convention, number on x86-64 or i386, arguments. */
const CALLS: (string | number)[][] = [
  ...[140, 24, 121, 100, 124, 163, 151, 152].map((number) => ['x86_64', number]),
  ...[6, 7, 8].map((fd) => ['x86_64', 292, -1, fd]),
  ...[0, 2 ** 33 - 1, 2 ** 33, 2 ** 33 + 1, -1].map((offset) => ['x86_64', 8, -1, offset]),
  ...[
    [2 ** 33, 5],
    [2 ** 33, 6],
    [2 ** 33 - 1, 6],
    [1, 6],
  ].map(([clock = 0, flags = 0]) => ['x86_64', 283, clock, flags]),
  ...[0, 2 ** 33 + 1, 2 ** 33 + 2, 2 ** 34].map((offset) => ['x86_64', 285, -1, 0, offset, 1]),
  ...[0, 2 ** 33 + 2, 2 ** 33 + 3, 2 ** 34].map((offset) => ['x86_64', 187, -1, offset, 1]),
  ...[0x20, 0x2f, 0x120, 0x60, 0].map((operation) => ['x86_64', 73, -1, operation]),
  ...[4096, 8192, 12288].map((address) => ['x86_64', 27, address, 0, 0]),
  ...[96, 158, 132].map((number) => ['x86', number]),
  // bind(2), directly and through socketcall(2), and another operation of that.
  ...[
    [361, -1],
    [102, 2],
    [102, 3],
  ].map(([number = 0, first = 0]) => ['x86', number, first, -1]),
  // A convention that the profile does not name.
  ['x32', 39],
];

function rule(name: string, ...args: [index: number, op: string, value: number, valueTwo?: number][]) {
  return {
    names: [name],
    action: 'SCMP_ACT_ERRNO',
    errnoRet: 38,
    args: args.map(([index, op, value, valueTwo = 0]) => ({ index, op: `SCMP_CMP_${op}`, value, valueTwo })),
  };
}

/** Those of a default that docker 20.10 knows and that this machine can give. */
function someCapabilities(): string[] {
  const wanted = [
    'SYS_PTRACE',
    'SYS_NICE',
    'SYSLOG',
    'DAC_READ_SEARCH',
    'SYS_PACCT',
    'SYS_TTY_CONFIG',
    'SYS_TIME',
    'IPC_LOCK',
  ];
  const available = availableCapabilities();
  return [...wanted, 'SYS_ADMIN', 'SYS_BOOT'].filter((name) => available.includes(`CAP_${name}`));
}

const REQUIRED = { ...DOCKER, commands: [...DOCKER.commands, 'gcc', 'tar'] };

describeWith(REQUIRED, 'system calls in a container of rcx and in one of docker', () => {
  let store: Store;
  let daemon: Docker;
  let root: string;

  beforeAll(async () => {
    store = await newStore();
    root = await probeRoot(join(store.folder, 'root'));
    const archive = join(store.folder, 'root.tar');
    await execa('tar', ['-C', root, '-cf', archive, '.']);
    daemon = await startDocker(join(store.folder, 'docker'));
    await daemon.docker('import', archive, 'probe');
  });
  afterAll(async () => {
    await daemon?.close();
    await store?.close();
  });

  /** The probe's answers with the same flags in both. */
  async function both(flags: readonly string[], words: readonly string[] = []): Promise<[Answers, Answers]> {
    const rcx = await store.ok(['run', '--rm', ...flags, '--rootfs', root, '/probe', ...words]);
    const docker = await daemon.docker('run', '--rm', '--network', 'none', ...flags, 'probe', '/probe', ...words);
    return [readAnswers(rcx), readAnswers(docker)];
  }

  const adding = (names: readonly string[]) => names.flatMap((name) => ['--cap-add', name]);
  it.each([
    ['by default', []],
    ['with CAP_SYS_ADMIN', adding(['SYS_ADMIN'])],
    ['with many capabilities', adding(someCapabilities())],
    ['without any', ['--cap-drop', 'ALL']],
    ['without a filter', ['--security-opt', 'seccomp=unconfined']],
  ])(
    'end alike %s',
    async (_, flags) => {
      const [rcx, docker] = await both(flags);
      expect(rcx.size).toBeGreaterThan(470);
      const isOlder = (difference: string) => CHANGED.has(/ (\w+): /.exec(difference)?.[1] ?? '');
      expect(differences(rcx, docker).filter((difference) => !isOlder(difference))).toEqual([]);
    },
    120_000,
  );

  it.runIf(process.arch === 'x64')(
    'end alike with a profile of rules of every kind (x86-64 only)',
    async () => {
      const profile = join(store.folder, 'profile.json');
      writeFileSync(profile, JSON.stringify(PROFILE, undefined, 2));
      const flags = ['--security-opt', `seccomp=${profile}`, '--cap-add', 'SYS_PACCT'];
      const found: Record<string, number> = {};
      for (const call of CALLS) {
        const [rcx, docker] = await both(flags, call.map(String));
        expect(rcx, call.join(' ')).toEqual(docker);
        for (const answer of rcx.values()) found[answer] = (found[answer] ?? 0) + 1;
      }
      // Every kind of answer was among them.
      expect(Object.keys(found).sort()).toEqual(['ENOSYS', 'EPERM', 'made', 'signal31']);
    },
    240_000,
  );
});
