//! What another process does for this one: in a namespace that this one cannot enter, or with a single thread.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;

use super::CODE;
use crate::error::{Error, Result};
use crate::launch::{self, SYNC_FD};
use crate::wire::{self, Message};

/// Has `runtime` do something in the user namespace `inside`, or in this process' own, and waits for its end. The words are those of its
/// command line, without its name.
///
/// # Errors
/// What it has said by [`answer`]; `ERR_RCX_ROOTLESS` when it ended without a word.
pub(crate) fn helper(runtime: &Path, words: &[&OsStr], inside: Option<BorrowedFd<'_>>) -> Result<()> {
    let words = [&[OsStr::new("rcx-runtime")], words].concat();
    let (child, sync) = launch::start_runtime(CODE, runtime, &words, inside)?;
    let said = wire::receive(sync.as_fd());
    let exit = launch::wait_exited(child.pidfd.as_fd());
    match (said, exit) {
        (Ok(Message::Failed(error)), _) => Err(error),
        (_, Some(launch::Exit::Code(0))) => Ok(()),
        _ => Err(Error::new(CODE, "run the helper binary: it ended without a word")
            .at(runtime.display().to_string())
            .hint("it may have been killed; see the kernel's log")),
    }
}

/// What a process does that [`helper`] has started: why it failed goes to whoever waits for it.
pub(crate) fn answer(body: impl FnOnce(BorrowedFd<'_>) -> Result<()>) -> ExitCode {
    // SAFETY: the launcher put it there for this process alone.
    let sync = unsafe { OwnedFd::from_raw_fd(SYNC_FD) };
    match body(sync.as_fd()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With the launcher gone there is nobody left to tell.
            let _unheard = wire::send_error(sync.as_fd(), &error);
            ExitCode::FAILURE
        }
    }
}
