// What a container's processes may do, and what of the host's they can reach.

const INIT = 'crates/core/src/init/mod.rs';
const PROCESS = 'crates/core/src/plan/process.rs';
const DEFAULTS = 'ts/container/spec/defaults.ts';
const CGROUP = 'test/security/cve-2023-25809-host-cgroup.test.ts';
const RELEASE_AGENT = 'test/security/cve-2022-0492-release-agent.test.ts';
const ABSTRACT = 'test/security/cve-2020-15257-abstract-sockets.test.ts';

const NO_FILTER = {
  file: PROCESS,
  find: 'SeccompChoice::Default => seccomp::default_filter(bounding).map(Some),',
  replace: 'SeccompChoice::Default => Ok(None),',
};

/** @type {import('../edits.mjs').Mutant[]} */
export const CONFINEMENT = [
  {
    name: 'cgroups-can-be-written',
    advisory: 'CVE-2023-25809',
    edits: [
      {
        file: DEFAULTS,
        find: "    source: 'cgroup',\n    options: ['nosuid', 'noexec', 'nodev', 'ro'],",
        replace: "    source: 'cgroup',\n    options: ['nosuid', 'noexec', 'nodev'],",
      },
    ],
    tests: [CGROUP],
  },
  {
    name: 'cgroups-of-the-host',
    advisory: 'CVE-2023-25809',
    edits: [
      {
        file: 'crates/core/src/plan/mod.rs',
        find: '    if namespaces.new_cgroup && builder.user.is_none() {\n',
        replace: '    if namespaces.new_cgroup && builder.user.is_some() {\n',
      },
    ],
    tests: [CGROUP],
    only: 'alone',
  },
  {
    name: 'no-seccomp',
    advisory: 'CVE-2022-0492',
    edits: [NO_FILTER],
    tests: [RELEASE_AGENT],
    only: 'a hierarchy',
  },
  {
    name: 'no-seccomp-and-sys-admin',
    advisory: 'CVE-2022-0492',
    edits: [
      NO_FILTER,
      {
        file: DEFAULTS,
        find: 'export const CAPABILITIES: readonly string[] = [\n',
        replace: "export const CAPABILITIES: readonly string[] = [\n  'CAP_SYS_ADMIN',\n",
      },
    ],
    tests: [RELEASE_AGENT],
    only: 'by mount',
  },
  {
    name: 'kernel-settings-can-be-written',
    advisory: 'CVE-2022-0492',
    edits: [{ file: DEFAULTS, find: "  '/proc/sys',\n", replace: '' }],
    tests: [RELEASE_AGENT],
    only: 'cannot be written to',
  },
  {
    name: 'capabilities-are-inheritable',
    advisory: 'CVE-2022-29162, CVE-2022-24769',
    edits: [
      {
        file: 'crates/core/src/security/capabilities.rs',
        find: 'inheritable: mask(spec.inheritable().as_ref()),',
        replace: 'inheritable: mask(spec.bounding().as_ref()),',
      },
    ],
    tests: ['test/security/cve-2022-29162-inheritable-capabilities.test.ts'],
  },
  {
    name: 'monitor-at-an-abstract-socket',
    advisory: 'CVE-2020-15257',
    edits: [
      {
        file: 'crates/core/src/monitor/protocol.rs',
        find: '    SocketAddrUnix::new(format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd()))',
        replace:
          '    let stat = rustix::fs::fstat(directory)?;\n    SocketAddrUnix::new_abstract_name(format!("{SOCKET}-{}", stat.st_ino).as_bytes())',
      },
    ],
    tests: [ABSTRACT],
    only: 'no process',
  },
  {
    name: 'monitor-for-everybody',
    advisory: 'CVE-2020-15257',
    edits: [
      {
        file: 'crates/core/src/monitor/mod.rs',
        find: '    rustix::process::umask(Mode::from_raw_mode(0o077));\n',
        replace: '    rustix::process::umask(Mode::empty());\n',
      },
    ],
    tests: [ABSTRACT],
    only: 'no process',
  },
  {
    name: 'network-of-the-host',
    advisory: 'CVE-2020-15257',
    edits: [
      {
        file: 'ts/container/spec/namespaces.ts',
        find: "return mode === 'host' ? [] : ",
        replace: "return mode === 'host' || type === 'network' ? [] : ",
      },
      {
        // Otherwise the host's settings would be changed.
        file: 'ts/container/spec/build.ts',
        find: 'const own = !isForeign(options.network);',
        replace: "const own = !isForeign(options.network) && id === '';",
      },
    ],
    tests: [ABSTRACT],
    only: 'those of the host',
  },
  {
    name: 'keyring-of-the-caller',
    advisory: 'session keyrings',
    edits: [{ file: INIT, find: '    join_keyring(&config.keyring)?;\n', replace: '' }],
    tests: ['test/security/run-keyring.test.ts'],
  },
  {
    name: 'session-of-the-caller',
    advisory: 'CVE-2017-5226',
    edits: [
      {
        file: INIT,
        find: '    rustix::process::setsid().step(CODE, "start a session")?;\n',
        replace: '    if config.terminal {\n        rustix::process::setsid().step(CODE, "start a session")?;\n    }\n',
      },
    ],
    tests: ['test/security/cve-2017-5226-terminal-input.test.ts'],
  },
  {
    name: 'nothing-masked',
    advisory: 'masked paths',
    edits: [
      {
        file: 'ts/container/security/confinement.ts',
        find: 'maskedPaths: [...MASKED_PATHS],',
        replace: 'maskedPaths: MASKED_PATHS.slice(100),',
      },
    ],
    tests: ['test/security/run-procfs.test.ts'],
    only: 'masked',
  },
];
