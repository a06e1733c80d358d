//! PID 1 of a container with `--init`: reaps what is orphaned, forwards signals, ends with its child's status.

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, wait};

use crate::sys;

/// Which half of the fork this is.
#[derive(Debug)]
pub enum Role {
    /// Goes on to become the user's program.
    Program,
    /// Stays as PID 1 and calls [`serve`] with its child.
    Reaper(Pid),
}

/// Forks. All signals are blocked before, so that none is lost; the program clears its mask before exec.
pub fn split(terminal: bool) -> Result<Role, Errno> {
    sys::block_all_signals()?;
    // In a pid namespace that is shared it is not PID 1, whose children orphans become by themselves.
    if rustix::process::getpid() != Pid::INIT {
        sys::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0)?;
    }
    // SAFETY: this process has a single thread.
    match unsafe { libc::fork() } {
        -1 => Err(last_errno()),
        0 => {
            rustix::process::setpgid(None, None)?;
            if terminal {
                // SIGTTOU is blocked: only then may a background process set the foreground group (tcsetpgrp(3)).
                rustix::termios::tcsetpgrp(rustix::stdio::stdin(), rustix::process::getpgrp())?;
            }
            Ok(Role::Program)
        }
        child => Pid::from_raw(child).map(Role::Reaper).ok_or(Errno::CHILD),
    }
}

/// Serves as PID 1 until the main child ends; returns its exit status.
pub fn serve(child: Pid) -> Result<i32, Errno> {
    // SAFETY: all-zero bytes are a valid, empty signal set.
    let mut every: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: a valid set.
    unsafe { libc::sigfillset(&raw mut every) };
    loop {
        let mut caught: libc::c_int = 0;
        // SAFETY: both pointers are valid for the call.
        let failed = unsafe { libc::sigwait(&raw const every, &raw mut caught) };
        if failed != 0 {
            return Err(Errno::from_raw_os_error(failed));
        }
        if caught == libc::SIGCHLD {
            if let Some(status) = reap_all(child)? {
                return Ok(status);
            }
            continue;
        }
        // SAFETY: plain integers.
        if unsafe { libc::kill(child.as_raw_nonzero().get(), caught) } == 0 {
            continue;
        }
        match last_errno() {
            // It died in this moment; SIGCHLD follows.
            Errno::SRCH => {}
            errno => return Err(errno),
        }
    }
}

fn last_errno() -> Errno {
    Errno::from_raw_os_error(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EAGAIN))
}

/// Collects every dead child; the status of the main one when it is among them.
fn reap_all(child: Pid) -> Result<Option<i32>, Errno> {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == child => {
                let code =
                    status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
                return Ok(Some(code.unwrap_or(255)));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(Errno::CHILD) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}
