//! Removing what belongs to subordinate ids, as only the root of the user's namespace may.

use std::ffi::CString;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use super::holder::helper;
use super::{CODE, Session};
use crate::error::{Error, Result};
use crate::launch::SYNC_FD;
use crate::{tree, wire};

/// Removes a tree from inside of the namespace of `run`.
///
/// # Errors
/// As [`tree::remove_tree`]; `ERR_RCX_ROOTLESS` when there is no namespace.
pub fn remove_inside(runtime: &Path, run: &Path, path: &Path) -> Result<()> {
    let session = Session::open(run)?;
    let path = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::new(CODE, "remove a tree: its path has a NUL byte"))?;
    helper(runtime, &[c"rcx-runtime".to_owned(), c"remove".to_owned(), path], Some(session.user.as_fd()))
}

/// `rcx-runtime remove PATH`, with a socket that failures are reported through.
pub fn remove_main(mut args: impl Iterator<Item = String>) -> ExitCode {
    let Some(path) = args.next() else { return ExitCode::from(125) };
    // SAFETY: the launcher put it there for this process alone.
    let sync = unsafe { OwnedFd::from_raw_fd(SYNC_FD) };
    match tree::remove_tree(Path::new(&path)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With the launcher gone there is nobody left to tell.
            let _unheard = wire::send_error(sync.as_fd(), &error);
            ExitCode::FAILURE
        }
    }
}
