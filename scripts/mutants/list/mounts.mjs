// Where something is mounted or written in a container's file system, and what a container sees of the kernel.

const SWAP = 'test/security/cve-2021-30465-mount-target-swap.test.ts';
const VOLUMES_SWAP = 'test/security/cve-2021-30465-volumes-race.test.ts';
const NULL_SWAP = 'test/security/cve-2025-31133-dev-null-swap.test.ts';
const ON_PROC = 'test/security/cve-2019-16884-mount-on-proc.test.ts';
const EXECUTE = 'crates/core/src/launch/execute.rs';
const RESOLVE = 'crates/core/src/launch/resolve.rs';

const NULL_IS_ANYTHING = {
  file: EXECUTE,
  find: '        if !is_null {\n',
  replace: '        if !is_null && device.st_nlink == 0 {\n',
};
const LINKS_ARE_FOLLOWED = {
  file: 'crates/core/src/plan/target.rs',
  find: 'follow: !matches!(first, "proc" | "sys" | "dev") })',
  replace: 'follow: first != "/" })',
};
const OVER_PROC_BY_NAME = {
  file: 'ts/container/mounts/single.ts',
  find: '  refuseOverProc(mount);\n',
  replace: "  if (mount.target === '') refuseOverProc(mount);\n",
};
const OVER_PROC_BY_DESCRIPTOR = {
  file: 'crates/core/src/launch/over_proc.rs',
  find: 'if target.path.as_c_str() == c"proc" && is_on_proc(mount)? { Ok(()) } else { Err(Errno::ACCESS) }',
  replace: 'if is_on_proc(mount)? || target.follow || !target.follow { Ok(()) } else { Err(Errno::ACCESS) }',
};

/** @type {import('../edits.mjs').Mutant[]} */
export const MOUNTS = [
  {
    name: 'targets-outside-of-the-root',
    advisory: 'CVE-2021-30465',
    edits: [
      {
        file: RESOLVE,
        find: 'let flags = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;',
        replace: 'let flags = ResolveFlags::NO_MAGICLINKS;',
      },
    ],
    tests: [SWAP],
  },
  {
    // Looked at safely, then opened by the same path: what only a race can show.
    name: 'targets-looked-at-then-used',
    advisory: 'CVE-2021-30465',
    edits: [
      {
        file: RESOLVE,
        find: `    retry(|| {
        openat2(
            root,
            target.path.as_c_str(),
            OFlags::PATH | OFlags::CLOEXEC,
            Mode::empty(),
            resolve_flags(target),
        )
    })`,
        replace: `    let flags = OFlags::PATH | OFlags::CLOEXEC;
    drop(retry(|| openat2(root, target.path.as_c_str(), flags, Mode::empty(), resolve_flags(target)))?);
    retry(|| openat2(root, target.path.as_c_str(), flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS))`,
      },
    ],
    tests: [SWAP],
    only: 'meanwhile',
  },
  {
    name: 'parts-outside-of-the-volume',
    advisory: 'CVE-2021-30465, CVE-2024-1753',
    edits: [
      {
        file: 'crates/core/src/launch/mount.rs',
        find: 'below.map(|path| open_existing(found.as_fd(), path)).transpose()?;',
        replace: `below
        .map(|path| rustix::fs::openat(&found, path.path.as_c_str(), rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()))
        .transpose()?;`,
      },
    ],
    tests: [VOLUMES_SWAP],
    only: 'a part of the volume',
  },
  {
    name: 'null-is-anything',
    advisory: 'CVE-2025-31133',
    edits: [NULL_IS_ANYTHING],
    tests: [NULL_SWAP],
    only: 'a file of its own',
  },
  {
    name: 'null-is-a-link',
    advisory: 'CVE-2025-31133',
    edits: [NULL_IS_ANYTHING, LINKS_ARE_FOLLOWED],
    tests: [NULL_SWAP],
    only: 'a link to',
  },
  {
    name: 'kernel-mounts-follow-links',
    advisory: 'CVE-2019-19921',
    edits: [LINKS_ARE_FOLLOWED],
    tests: ['test/security/cve-2019-19921-proc-is-a-link.test.ts'],
  },
  {
    name: 'mounts-on-proc-by-name',
    advisory: 'CVE-2019-16884',
    edits: [OVER_PROC_BY_NAME],
    tests: [ON_PROC],
    only: 'before there is a container',
  },
  {
    name: 'mounts-on-proc-by-link',
    advisory: 'CVE-2019-16884, CVE-2023-27561',
    edits: [OVER_PROC_BY_DESCRIPTOR],
    tests: [ON_PROC],
    only: 'where a link of the image',
  },
  {
    name: 'writes-to-any-proc',
    advisory: 'CVE-2025-52881',
    edits: [
      OVER_PROC_BY_NAME,
      OVER_PROC_BY_DESCRIPTOR,
      {
        file: EXECUTE,
        find: '    if !is_on_proc(found.as_fd())? {\n',
        replace: '    if !is_on_proc(found.as_fd())? && path.follow {\n',
      },
    ],
    tests: ['test/security/cve-2025-52881-redirected-writes.test.ts'],
  },
];
