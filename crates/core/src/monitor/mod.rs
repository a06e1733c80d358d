//! The monitor of a detached container: one small process that launches it, holds its streams, writes its log, serves those who
//! attach, runs it again, records its end, and cleans up. It outlives whoever started it.

pub mod attach;
mod client;
mod config;
mod events;
mod health;
mod input;
mod launcher;
mod log;
mod networks;
pub mod protocol;
mod record;
mod restart;
mod serve;
mod session;
mod volumes;

use std::fs;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::fs::{Mode, OFlags, open};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::{PipeFlags, pipe_with};

pub use self::launcher::change_networks;
pub(crate) use self::launcher::connect;

use self::config::{Config, Inherited, OOM_SCORE_ADJ};
use self::log::Log;
use self::protocol::Reply;
use self::record::Record;
use self::serve::Monitor;
use crate::error::{Context, Error, Result};
use crate::lock::{FileLock, LockMode, LockTarget};
use crate::sys;

const CODE: &str = "ERR_RCX_MONITOR";

/// The launcher's end of a socket pair.
pub const LAUNCHER_FD: i32 = 3;
/// Held by the monitor of the container in whose folder it is, as long as the container is not over.
const LOCK: &str = "monitor.lock";

/// `rcx-runtime monitor FOLDER RUN [SESSION]`: the container's folder, the store's runtime directory, and that of the ordinary user whose
/// namespace it is in.
pub fn main(mut args: impl Iterator<Item = String>) -> ExitCode {
    let (Some(folder), Some(run)) = (args.next(), args.next()) else {
        return ExitCode::from(125);
    };
    // The launcher waits for this process' end, and is spared that of the monitor.
    // SAFETY: there is a single thread.
    match unsafe { libc::fork() } {
        0 => {}
        pid => sys::exit_now(i32::from(pid < 0)),
    }
    // SAFETY: the launcher put it there for this process alone.
    let launcher = unsafe { OwnedFd::from_raw_fd(LAUNCHER_FD) };
    match begin(Path::new(&folder), Path::new(&run), args.next().map(PathBuf::from)) {
        Ok(monitor) => monitor.run(launcher),
        Err(error) => {
            let failed = Reply::from(&error);
            // With the launcher gone there is nobody left to tell.
            let _unheard = protocol::send(launcher.as_fd(), &failed, &[]);
        }
    }
    ExitCode::SUCCESS
}

fn begin(folder: &Path, run: &Path, session: Option<PathBuf>) -> Result<Monitor> {
    let inherited = Inherited::now(session)?;
    leave_launcher()?;
    let lock = FileLock::try_acquire(&folder.join(LOCK), LockMode::Exclusive, LockTarget::File)?
        .ok_or_else(|| Error::new("ERR_RCX_CONTAINER_RUNNING", "start the container: it runs already"))?;
    let config = Config::read(folder, &inherited)?;
    let own = run.join(&config.id);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&own).step_at(
        CODE,
        "make the runtime directory",
        own.display(),
    )?;
    let record = Record::take_over(folder, &own)?;
    let log = Log::open(folder, &config.log);
    let listener = listen(&own)?;
    let place = Place { folder: folder.to_owned(), run: run.to_owned(), own, inherited };
    Monitor::new(place, config, record, log, listener, lock)
}

/// Where a container is.
#[derive(Debug)]
struct Place {
    /// The container's folder.
    folder: PathBuf,
    /// The store's runtime directory.
    run: PathBuf,
    /// The container's part of it.
    own: PathBuf,
    inherited: Inherited,
}

/// Nothing of the launcher's stays: no terminal, no directory, no descriptor, no signal meant for its group.
fn leave_launcher() -> Result<()> {
    rustix::process::setsid().step(CODE, "start a session")?;
    rustix::process::chdir("/").step(CODE, "change to the root directory")?;
    sys::close_from(LAUNCHER_FD.unsigned_abs() + 1, false).step(CODE, "close the launcher's descriptors")?;
    rustix::process::umask(Mode::from_raw_mode(0o077));
    // Where it is allowed; losing the monitor means losing the container.
    drop(fs::write(OOM_SCORE_ADJ, "-999"));
    // What ps shows; the kernel would take it from the descriptor that was executed.
    sys::name_process(c"rcx-monitor").step(CODE, "name the process")?;
    Ok(())
}

/// The socket that clients connect to.
fn listen(own: &Path) -> Result<OwnedFd> {
    const STEP: &str = "open the monitor's socket";
    let directory = open(own, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).step_at(
        CODE,
        STEP,
        own.display(),
    )?;
    // That of a monitor that was killed.
    drop(fs::remove_file(own.join(protocol::SOCKET)));
    let address = protocol::address(directory.as_fd()).step_at(CODE, STEP, own.display())?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).step_at(
        CODE,
        STEP,
        own.display(),
    )?;
    rustix::net::bind(&socket, &address).step_at(CODE, STEP, own.display())?;
    rustix::net::listen(&socket, 64).step_at(CODE, STEP, own.display())?;
    Ok(socket)
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    pipe_with(PipeFlags::CLOEXEC).step(CODE, "make a pipe")
}

fn null() -> Result<OwnedFd> {
    open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).step_at(CODE, "open", "/dev/null")
}

impl From<&Error> for Reply {
    fn from(error: &Error) -> Self {
        Self::Failed {
            code: error.code.to_string(),
            step: error.step.clone(),
            path: error.path.clone(),
            errno: error.errno.map(rustix::io::Errno::raw_os_error),
            hint: error.hint.clone(),
        }
    }
}
