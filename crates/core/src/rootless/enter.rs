//! Running a program as root of the user's namespace.

use std::convert::Infallible;
use std::ffi::{CString, OsStr};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::io::Errno;

use super::{CODE, Session};
use crate::error::{Context, Error, Result};
use crate::sys;

/// Says to a program in the namespace whose it is: its own user id is 0 there.
pub const USER: &str = "RCX_ROOTLESS_UID";

/// Replaces this process, with all its threads, by `program` as root of the namespace of `run`.
///
/// The namespace can only be entered by a process of one thread (setns(2)), which `runtime` is.
///
/// # Errors
/// `ERR_RCX_ROOTLESS` when `runtime` cannot be executed.
pub fn exec_inside(runtime: &Path, run: &Path, program: &[String]) -> Result<Infallible> {
    const STEP: &str = "enter the user's namespace";
    let words = [runtime.as_os_str(), OsStr::new("enter"), run.as_os_str()];
    let words = words.into_iter().map(OsStr::as_bytes).chain(program.iter().map(String::as_bytes));
    let words = words.map(CString::new).collect::<std::result::Result<Vec<_>, _>>();
    let words = words.map_err(|_| Error::new(CODE, format!("{STEP}: a word has a NUL byte")))?;
    let pointers: Vec<_> = words.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect();
    // Node has them closed at exec.
    for stream in [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()] {
        // One that is closed is nothing to be inherited.
        let _closed = rustix::io::fcntl_setfd(stream, rustix::io::FdFlags::empty());
    }
    // SAFETY: a null-terminated array of C strings, all of which stay until the process is replaced.
    unsafe { libc::execv(words[0].as_ptr(), pointers.as_ptr()) };
    let errno = std::io::Error::last_os_error().raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error);
    Err(Error::os(CODE, STEP, errno).at(runtime.display().to_string()))
}

/// `rcx-runtime enter RUN PROGRAM…`.
pub fn enter_main(mut args: impl Iterator<Item = String>) -> ExitCode {
    let (Some(run), Some(program)) = (args.next(), args.next()) else {
        return ExitCode::from(125);
    };
    let error = match enter(Path::new(&run)) {
        Ok(user) => {
            // Node ignores it, and what is ignored stays so after exec (signal(7)).
            // SAFETY: the default action needs no handler.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
            let failed = Command::new(&program).args(args).env(USER, user.to_string()).exec();
            let errno = failed.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error);
            let not_found = errno == Errno::NOENT;
            eprintln!("rcx: {}", Error::os(CODE, "run the program", errno).at(program));
            return ExitCode::from(if not_found { 127 } else { 126 });
        }
        Err(error) => error,
    };
    eprintln!("rcx: {error}");
    ExitCode::from(125)
}

/// Enters the namespace of a runtime directory; the user id outside of it.
fn enter(run: &Path) -> Result<u32> {
    let user = rustix::process::geteuid().as_raw();
    let session = Session::open(run)?;
    sys::setns(session.user.as_fd(), u64::from(libc::CLONE_NEWUSER.cast_unsigned()))
        .step(CODE, "enter the user's namespace")?;
    Ok(user)
}
