// What a container could get hold of while a process enters it.

const SELF_EXE = 'test/security/cve-2019-5736-proc-self-exe.test.ts';
const LEAKS = 'test/security/cve-2024-21626-leaked-descriptors.test.ts';

/** Descriptors of whoever started rcx go on to what it starts: three places close them, each of them for all. */
const STAGE_ONE_CLOSES = {
  file: 'crates/core/src/launch/child.rs',
  find: 'sys::close_from(BINARY_FD.unsigned_abs() + 1, false)',
  replace: 'Ok(())',
};
const MONITOR_CLOSES = {
  file: 'crates/core/src/monitor/mod.rs',
  find: `    sys::close_from(LAUNCHER_FD.unsigned_abs() + 1, false).step(CODE, "close the launcher's descriptors")?;\n`,
  replace: '',
};

/** @type {import('../edits.mjs').Mutant[]} */
export const JOINING = [
  {
    name: 'init-is-the-file',
    advisory: 'CVE-2019-5736',
    edits: [
      {
        file: 'crates/core/src/init_binary.rs',
        find: '    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;',
        replace:
          '    if path.exists() {\n        return Ok(file.into());\n    }\n    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;',
      },
    ],
    tests: [SELF_EXE],
  },
  {
    name: 'init-is-not-sealed',
    advisory: 'CVE-2019-5736',
    edits: [
      {
        file: 'crates/core/src/init_binary.rs',
        find: 'SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE',
        replace: 'SealFlags::SEAL',
      },
    ],
    tests: [SELF_EXE],
  },
  {
    name: 'descriptors-survive',
    advisory: 'CVE-2024-21626',
    edits: [
      STAGE_ONE_CLOSES,
      MONITOR_CLOSES,
      {
        file: 'crates/core/src/init/mod.rs',
        find: '    sys::close_from(SYNC_FD.unsigned_abs(), true).step(CODE, "mark descriptors close-on-exec")?;\n',
        replace: '',
      },
      {
        file: 'crates/core/src/init/join.rs',
        find: '    sys::close_from(SYNC_FD.unsigned_abs(), true).step(CODE, "mark descriptors close-on-exec")?;\n',
        replace: '',
      },
    ],
    tests: [LEAKS],
    only: 'are not in',
  },
  {
    name: 'descriptors-as-working-directory',
    advisory: 'CVE-2024-21626',
    edits: [
      STAGE_ONE_CLOSES,
      MONITOR_CLOSES,
      {
        file: 'crates/core/src/init/mod.rs',
        find: 'if real.as_bytes().starts_with(b"/") {',
        replace: 'if !cwd.is_empty() {',
      },
    ],
    tests: [LEAKS],
    only: 'working directory',
  },
  {
    name: 'joiner-is-dumpable',
    advisory: 'CVE-2016-9962',
    edits: [
      {
        file: 'crates/core/src/init/join.rs',
        find: `(CVE-2016-9962).
    sys::prctl(libc::PR_SET_DUMPABLE, 0, 0).step(CODE, "make the process undumpable")?;
`,
        replace: '(CVE-2016-9962).\n',
      },
    ],
    tests: ['test/security/cve-2016-9962-exec-trace.test.ts'],
  },
  {
    name: 'init-is-dumpable-among-others',
    advisory: 'CVE-2016-9962',
    edits: [
      {
        file: 'crates/core/src/init/mod.rs',
        find: '    if config.shared_pids {\n',
        replace: '    if config.shared_pids && config.args.is_empty() {\n',
      },
    ],
    tests: ['test/security/cve-2016-9962-shared-pids.test.ts'],
  },
  {
    name: 'terminals-by-path',
    advisory: 'CVE-2025-52565',
    edits: [
      {
        file: 'crates/core/src/init/join.rs',
        find: '    if kind != DEVPTS_SUPER_MAGIC {\n',
        replace: '    if kind == 0 && kind != DEVPTS_SUPER_MAGIC {\n',
      },
      {
        file: 'crates/core/src/init/join.rs',
        find: '    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW;',
        replace: '    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;',
      },
      {
        file: 'crates/core/src/init/join.rs',
        find: '    let slave = ioctl_tiocgptpeer(&master, flags).step(CODE, STEP)?;',
        replace:
          '    let slave = match openat(&pts, c"1", OFlags::RDWR, Mode::empty()) {\n        Ok(slave) => slave,\n        Err(_) => ioctl_tiocgptpeer(&master, flags).step(CODE, STEP)?,\n    };',
      },
    ],
    tests: ['test/security/cve-2025-52565-console-swap.test.ts'],
    only: 'something else was mounted',
  },
];
