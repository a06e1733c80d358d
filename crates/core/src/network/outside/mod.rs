//! The way out of an ordinary user's networks. Their bridges are in a network namespace of his own, which no device of the machine leads
//! to; a process of his passes on what goes out from there, by sockets as any other program of his.
//!
//! What goes out leaves the namespace by a device whose other end is read here. Of TCP that is the first packet of a connection only: when
//! the connection outside is there, the packet is put back, and the kernel accepts what it began. From then on bytes go from one of its
//! sockets to the other (splice(2)) and come by here no more. A refusal outside is one inside. Datagrams and echo requests are passed on one
//! by one. Neither `/dev/net/tun` nor a TCP of its own is needed for that, see `docs/decisions/0035-rootless.md`.

mod datagrams;
mod echo;
mod errors;
mod packet;
mod pieces;
mod place;
mod serve;
mod streams;

use std::ffi::OsStr;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};

pub use self::place::UPLINK;
use super::CODE;
use super::machine::Machine;
use crate::error::{Context, Error, Result};
use crate::identity::ProcessIdentity;
use crate::launch::SYNC_FD;
use crate::lock::{FileLock, LockMode, LockTarget};
use crate::rootless::{answer, helper};
use crate::{sys, wire};

const STEP: &str = "open the way out of the user's networks";

/// Has the binary `runtime` pass on what goes out of the networks of the runtime directory `run`, unless somebody does. To be
/// called by root of its user's namespace.
///
/// # Errors
/// `ERR_RCX_NETWORK`.
pub fn ensure(run: &Path, runtime: &Path) -> Result<()> {
    if is_there(run) {
        return Ok(());
    }
    let path = run.join("outside.lock");
    let _lock = FileLock::acquire(&path, LockMode::Exclusive, LockTarget::File, Duration::from_secs(30))?;
    if is_there(run) {
        return Ok(());
    }
    helper(runtime, &[OsStr::new("outside"), run.as_os_str()], None)
}

fn is_there(run: &Path) -> bool {
    ProcessIdentity::read(&record(run)).is_some_and(|process| process.runs())
}

fn record(run: &Path) -> PathBuf {
    run.join("outside.json")
}

/// `rcx-runtime outside RUN`, with a socket that failures are reported through. It returns when somebody passes on.
pub fn main(mut args: impl Iterator<Item = String>) -> ExitCode {
    let Some(run) = args.next() else { return ExitCode::from(125) };
    answer(|sync| begin(Path::new(&run), sync))
}

/// Comes back in the process that was asked, when the one that passes on has begun.
fn begin(run: &Path, sync: BorrowedFd<'_>) -> Result<()> {
    let machine = Machine::of(Some(run))?;
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).step(CODE, "make a pipe")?;
    // SAFETY: there is a single thread.
    match unsafe { libc::fork() } {
        0 => {}
        -1 => return Err(Error::new(CODE, format!("{STEP}: fork the process for it"))),
        _ => {
            drop(write);
            let mut byte = [0];
            let read = rustix::io::retry_on_intr(|| rustix::io::read(&read, &mut byte[..]));
            // It has said itself why.
            return if read == Ok(1) { Ok(()) } else { Err(Error::new(CODE, STEP)) };
        }
    }
    drop(read);
    match prepare(run, &machine) {
        Ok(served) => {
            let told = rustix::io::write(&write, &[1]);
            drop(write);
            if told.is_err() {
                sys::exit_now(1);
            }
            // SAFETY: nothing in this process uses it any more.
            unsafe { rustix::io::close(SYNC_FD) };
            let _ended = served.serve();
            sys::exit_now(1)
        }
        Err(error) => {
            let _unheard = wire::send_error(sync, &error);
            sys::exit_now(1)
        }
    }
}

fn prepare(run: &Path, machine: &Machine) -> Result<serve::Server> {
    rustix::process::setsid().step(CODE, "start a session")?;
    rustix::process::chdir("/").step(CODE, "change to the root directory")?;
    sys::name_process(c"rcx-outside").step(CODE, "name the process")?;
    raise_descriptors();
    let place = machine.run(place::furnish)?;
    let server = serve::Server::new(place).step(CODE, STEP)?;
    let own = ProcessIdentity::of(std::process::id().cast_signed())?;
    let path = record(run);
    own.write(&path).step_at(CODE, STEP, path.display())?;
    Ok(server)
}

/// Each connection takes some. What is allowed is not much to begin with, and may be asked for.
fn raise_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    // Fewer connections at a time are better than none.
    let _kept = setrlimit(Resource::Nofile, raised);
}
