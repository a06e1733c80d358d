// Files of the host that a copy or another user could reach, and programs of the container's that could run outside.

/** @type {import('../edits.mjs').Mutant[]} */
export const FILES = [
  {
    name: 'copies-follow-links-out',
    advisory: 'CVE-2018-15664',
    edits: [
      {
        file: 'crates/core/src/copy/root.rs',
        find: `        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        persistently(|| fs::openat2(&self.fd, path, flags, Mode::empty(), resolve))`,
        replace: `        let resolve = ResolveFlags::NO_MAGICLINKS;
        let path = path.strip_prefix(b"/").filter(|path| !path.is_empty()).unwrap_or(b".");
        persistently(|| fs::openat2(&self.fd, path, flags, Mode::empty(), resolve))`,
      },
    ],
    tests: ['test/security/cve-2018-15664-cp-symlink-swap.test.ts'],
  },
  {
    name: 'copies-write-through-links',
    advisory: 'CVE-2021-41089',
    edits: [
      {
        file: 'crates/core/src/copy/place.rs',
        find: 'let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;',
        replace: 'let resolve = ResolveFlags::NO_MAGICLINKS;',
      },
    ],
    tests: ['test/security/cve-2021-41089-cp-modes.test.ts'],
  },
  {
    // What glibc does for names: it loads the libraries that /etc/nsswitch.conf names, also into a static program.
    name: 'names-by-the-containers-libraries',
    advisory: 'CVE-2019-14271',
    edits: [
      {
        file: 'crates/core/src/init/user.rs',
        find: `    lookup(text, &lines("/etc/passwd"), &lines("/etc/group"))
`,
        replace: `    if let Ok(name) = std::ffi::CString::new(text) {
        // SAFETY: a C string; the result is not looked at.
        unsafe { libc::getpwnam(name.as_ptr()) };
    }
    lookup(text, &lines("/etc/passwd"), &lines("/etc/group"))
`,
      },
    ],
    tests: ['test/security/cve-2019-14271-cp-container-libraries.test.ts'],
    only: 'has them loaded',
  },
  {
    name: 'store-for-everybody',
    advisory: 'CVE-2021-41091',
    edits: [
      {
        file: 'ts/engine.ts',
        find: 'mkdirSync(this.paths.root, { recursive: true, mode: 0o710 });',
        replace: 'mkdirSync(this.paths.root, { recursive: true });',
      },
      {
        file: 'ts/store/temporary.ts',
        find: 'mkdirSync(parent, { recursive: true, mode: 0o710 });',
        replace: 'mkdirSync(parent, { recursive: true });',
      },
    ],
    tests: ['test/security/cve-2021-41091-data-root.test.ts'],
  },
  {
    name: 'store-in-a-directory-for-everybody',
    advisory: 'CVE-2021-41091',
    edits: [
      {
        file: 'ts/store/temporary.ts',
        find: 'mkdirSync(parent, { recursive: true, mode: 0o710 });',
        replace: 'mkdirSync(parent, { recursive: true });',
      },
    ],
    tests: ['test/security/cve-2021-41091-data-root.test.ts'],
    only: 'that was there before',
  },
];
