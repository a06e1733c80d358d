//! Opening targets below the root. Runs in the child: no allocation, no panic.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, mkdirat, open, openat, openat2};
use rustix::io::Errno;

use crate::plan::target::{Kind, Target};

fn resolve_flags(target: &Target) -> ResolveFlags {
    let flags = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    if target.follow { flags } else { flags | ResolveFlags::NO_SYMLINKS }
}

/// Opens an existing target (`O_PATH`).
pub fn open_existing(root: BorrowedFd<'_>, target: &Target) -> Result<OwnedFd, Errno> {
    retry(|| {
        openat2(
            root,
            target.path.as_c_str(),
            OFlags::PATH | OFlags::CLOEXEC,
            Mode::empty(),
            resolve_flags(target),
        )
    })
}

/// Opens a target, making it, as what it should be, and its missing ancestors.
pub fn open_or_create(root: BorrowedFd<'_>, target: &Target, kind: Kind) -> Result<OwnedFd, Errno> {
    match open_existing(root, target) {
        Err(Errno::NOENT) => create(root, target, kind)?,
        other => return other,
    }
    open_existing(root, target)
}

/// Opens the directory that a target stands in, making missing ancestors; the target itself is left alone.
pub fn open_parent(root: BorrowedFd<'_>, target: &Target) -> Result<Option<OwnedFd>, Errno> {
    let ancestors = target.chain.len().saturating_sub(1);
    let mut parent: Option<OwnedFd> = None;
    for (prefix, name) in target.chain.iter().take(ancestors) {
        let open_dir = || {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            retry(|| openat2(root, prefix.as_c_str(), flags, Mode::empty(), resolve_flags(target)))
        };
        let dir = match open_dir() {
            Err(Errno::NOENT) => {
                let above = parent.as_ref().map_or(root, std::os::fd::AsFd::as_fd);
                tolerate_existing(mkdirat(above, name.as_c_str(), Mode::from_raw_mode(0o755)))?;
                open_dir()?
            }
            other => other?,
        };
        parent = Some(dir);
    }
    Ok(parent)
}

fn create(root: BorrowedFd<'_>, target: &Target, kind: Kind) -> Result<(), Errno> {
    let parent = open_parent(root, target)?;
    let above = parent.as_ref().map_or(root, std::os::fd::AsFd::as_fd);
    let Some((_, name)) = target.chain.last() else { return Err(Errno::NOENT) };
    match kind {
        Kind::Directory => tolerate_existing(mkdirat(above, name.as_c_str(), Mode::from_raw_mode(0o755))),
        Kind::File => {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::WRONLY;
            tolerate_existing(openat(above, name.as_c_str(), flags, Mode::from_raw_mode(0o644)).map(drop))
        }
    }
}

/// Opens a host path (`O_PATH`), following links: host paths are the caller's own.
pub fn open_host(path: &std::ffi::CStr) -> Result<OwnedFd, Errno> {
    open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}

fn tolerate_existing(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

/// openat2 answers EAGAIN when a rename raced with a scoped lookup; the kernel's documentation asks to try again.
fn retry<T>(mut attempt: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    for _ in 0..127 {
        match attempt() {
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return other,
        }
    }
    attempt()
}
