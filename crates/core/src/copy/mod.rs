//! Copying files out of and into trees that others change meanwhile, those of running containers most of all.
//!
//! A path of a container is resolved below its root by the kernel, in the call that opens it: nothing is looked at first and
//! used later (CVE-2018-15664, <https://github.com/moby/moby/pull/39252>). What is walked or filled is then held by descriptor,
//! and a last component is never followed. Nothing of the container is executed and none of its libraries is loaded
//! (CVE-2019-14271): all of it happens in the host's namespaces, through the root of the container's init.

mod owners;
mod place;
mod reader;
mod root;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::{Change, CopyReader};
pub use root::Root;
pub use writer::CopyWriter;

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags, openat, statx};
use rustix::io::Errno;

use crate::error::{Error, Result};

/// Something could not be copied.
const CODE: &str = "ERR_RCX_COPY";

/// A refused system call on the way.
fn failed(step: &str, path: &[u8], errno: Errno) -> Error {
    let error = Error::os(CODE, step, errno).at(String::from_utf8_lossy(path));
    match errno {
        Errno::NOSPC | Errno::DQUOT => error.hint("free some space on the file system that is copied to"),
        Errno::NOSYS => {
            error.hint("copying needs openat2: Linux 5.6 or newer, and a seccomp policy that allows it")
        }
        Errno::MFILE | Errno::NFILE => error.hint("the tree is deeper than the limit on open files allows"),
        _ => error,
    }
}

/// Something that the kernel would do and that is not done all the same.
fn denied(what: impl Into<String>) -> Error {
    Error::new(CODE, what)
}

/// Opens once more what is open already, whatever has become of its name since.
fn reopen(fd: BorrowedFd<'_>, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    openat(CWD, format!("/proc/self/fd/{}", fd.as_raw_fd()), flags | OFlags::CLOEXEC, Mode::empty())
}

/// Which mount something is in (statx(2), `STATX_MNT_ID`, Linux 5.8).
fn mount_of(fd: BorrowedFd<'_>) -> rustix::io::Result<u64> {
    Ok(statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?.stx_mnt_id)
}

/// openat2 answers EAGAIN when a rename raced with a lookup that must stay inside; its man page asks to try again.
fn persistently<T>(mut attempt: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    for _ in 0..1000 {
        match attempt() {
            Err(Errno::AGAIN | Errno::INTR) => std::thread::yield_now(),
            result => return result,
        }
    }
    attempt()
}

/// The name that a path ends with, and the path before it.
fn split(path: &[u8]) -> Result<(&[u8], CString)> {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    let (above, name) = slash.map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
    if matches!(name, b"" | b"." | b"..") {
        return Err(denied("copy something without a name of its own").at(String::from_utf8_lossy(path)));
    }
    let name = CString::new(name)
        .map_err(|_| denied("copy a name with a NUL byte").at(String::from_utf8_lossy(path)))?;
    Ok((above, name))
}

fn join(above: &[u8], name: &[u8]) -> Vec<u8> {
    if above.is_empty() { name.to_vec() } else { [above, b"/", name].concat() }
}
