//! Starting the runtime binary: for what outlives its caller, and for what a process of many threads cannot do.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::clone::Child;
use super::{Place, spawn_program};
use crate::error::{Context, Error, Result};

/// Starts it with `words`, the first of which is its name, in the user namespace `user` or in this process' own. Its streams are
/// `/dev/null`, and it has one end of a socket as [`super::SYNC_FD`]; the other end is returned.
///
/// # Errors
/// `code`, with what could not be had.
pub(crate) fn start_runtime(
    code: &'static str,
    runtime: &Path,
    words: &[&OsStr],
    user: Option<BorrowedFd<'_>>,
) -> Result<(Child, OwnedFd)> {
    let words = words.iter().map(|word| CString::new(word.as_bytes()));
    let words = words
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|_| Error::new(code, "start the runtime binary: a path has a NUL byte"))?;
    let opened = |path: &Path, flags| open(path, flags | OFlags::CLOEXEC, Mode::empty());
    let binary =
        opened(runtime, OFlags::RDONLY).step_at(code, "open the runtime binary", runtime.display())?;
    let null = opened(Path::new("/dev/null"), OFlags::RDWR).step_at(code, "open", "/dev/null")?;
    let (socket, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .step(code, "make a socket pair")?;
    let (stdio, place) = ([null.as_fd(); 3], Place { cgroup: None, user });
    let child = spawn_program(binary.as_fd(), &words, stdio, theirs.as_fd(), null.as_fd(), place)?;
    Ok((child, socket))
}
