//! Removing what belongs to subordinate ids, as only the root of the user's namespace may.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

use super::Session;
use super::helper::{answer, helper};
use crate::error::Result;
use crate::tree;

/// Removes a tree from inside of the namespace of `run`.
///
/// # Errors
/// As [`tree::remove_tree`]; `ERR_RCX_ROOTLESS` when there is no namespace.
pub fn remove_inside(runtime: &Path, run: &Path, path: &Path) -> Result<()> {
    let session = Session::open(run)?;
    helper(runtime, &[OsStr::new("remove"), path.as_os_str()], Some(session.user.as_fd()))
}

/// `rcx-runtime remove PATH`, with a socket that failures are reported through.
pub fn remove_main(mut args: impl Iterator<Item = String>) -> ExitCode {
    let Some(path) = args.next() else { return ExitCode::from(125) };
    answer(|_| tree::remove_tree(Path::new(&path)))
}
