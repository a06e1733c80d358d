//! The process that keeps the user's namespace, and how the namespace comes about.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde::{Deserialize, Serialize};

use super::helper::{answer, helper};
use super::session::{holder, record};
use super::{CODE, Session};
use crate::error::{Context, Error, Result};
use crate::id_map::{IdMaps, IdRange, map_file};
use crate::identity::ProcessIdentity;
use crate::lock::{FileLock, LockMode, LockTarget};
use crate::sys;

/// What a namespace is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HolderRequest {
    /// Its ids.
    pub maps: IdMaps,
    /// The setuid programs that may map more than the user's own ids, newuidmap(1) and newgidmap(1); without them there is one id.
    pub helpers: Option<[PathBuf; 2]>,
}

impl HolderRequest {
    /// From JSON.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json)
            .map_err(|e| Error::new(CODE, format!("read what user namespace is wanted: {e}")))
    }
}

/// Makes the namespace of `run`, unless somebody else does so at the same time.
///
/// # Errors
/// `ERR_RCX_ROOTLESS`.
pub fn make(runtime: &Path, run: &Path, request: &HolderRequest) -> Result<()> {
    let text = serde_json::to_string(request)
        .map_err(|e| Error::new(CODE, format!("make the user's namespace: {e}")))?;
    helper(runtime, &[OsStr::new("namespace"), run.as_os_str(), OsStr::new(&text)], None)
}

/// `rcx-runtime namespace RUN REQUEST`, with a socket that failures are reported through.
pub fn holder_main(mut args: impl Iterator<Item = String>) -> ExitCode {
    let (Some(run), Some(text)) = (args.next(), args.next()) else {
        return ExitCode::from(125);
    };
    answer(|_| HolderRequest::parse(&text).and_then(|request| make_here(Path::new(&run), &request)))
}

fn make_here(run: &Path, request: &HolderRequest) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(run).step_at(
        CODE,
        "make the runtime directory",
        run.display(),
    )?;
    // Several first commands of a user may begin at once.
    let (path, patience) = (run.join("namespace.lock"), Duration::from_secs(30));
    let _lock = FileLock::acquire(&path, LockMode::Exclusive, LockTarget::File, patience)?;
    // Somebody else was first.
    if Session::find(run)?.is_some() {
        return Ok(());
    }
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).step(CODE, "make a pipe")?;
    // SAFETY: there is a single thread.
    let pid = match unsafe { libc::fork() } {
        0 => hold(write),
        pid => {
            Pid::from_raw(pid).ok_or_else(|| Error::new(CODE, "fork the holder of the user's namespace"))?
        }
    };
    drop(write);
    let made = until_made(read).and_then(|()| fill(pid, request)).and_then(|()| write_record(run, pid));
    if made.is_err() {
        let killed = kill_process(pid, Signal::KILL);
        debug_assert!(matches!(killed, Ok(()) | Err(Errno::SRCH)), "{killed:?}");
        let _collected = waitpid(Some(pid), WaitOptions::empty());
    }
    made
}

/// The holder: makes the namespace, and a network namespace that belongs to it, says so, and sleeps for good.
fn hold(ready: OwnedFd) -> ! {
    // SAFETY: plain integers.
    let made =
        sys::check(unsafe { libc::syscall(libc::SYS_unshare, libc::CLONE_NEWUSER | libc::CLONE_NEWNET) });
    let errno = made.err().map_or(0, Errno::raw_os_error);
    let told = io::Write::write_all(&mut fs::File::from(ready), &errno.to_ne_bytes());
    if errno != 0 || told.is_err() {
        sys::exit_now(1);
    }
    // No terminal, no directory and no descriptor of whoever was first; and it ends when it is asked to.
    let left = sys::set_signal_mask(0).and_then(|_| rustix::process::setsid()).map(drop);
    let left = left.and_then(|()| rustix::process::chdir("/")).and_then(|()| sys::close_from(0, false));
    if left.and_then(|()| sys::name_process(c"rcx-namespace")).is_err() {
        sys::exit_now(1);
    }
    loop {
        // SAFETY: it takes no argument.
        unsafe { libc::pause() };
    }
}

fn until_made(ready: OwnedFd) -> Result<()> {
    const STEP: &str = "make a user namespace";
    let mut errno = [0u8; 4];
    io::Read::read_exact(&mut fs::File::from(ready), &mut errno)
        .map_err(|_| Error::new(CODE, format!("{STEP}: its holder ended without a word")))?;
    let errno = match i32::from_ne_bytes(errno) {
        0 => return Ok(()),
        errno => Errno::from_raw_os_error(errno),
    };
    let error = Error::os("ERR_RCX_USER_NAMESPACE", STEP, errno);
    Err(match errno {
        Errno::NOSPC | Errno::USERS => error
            .hint("no more are allowed: raise user.max_user_namespaces with sysctl, as root, e.g. to 15000"),
        Errno::INVAL => error.hint("the kernel was built without user namespaces (CONFIG_USER_NS)"),
        _ => error.hint("the machine does not let ordinary users make user namespaces; see: rcx doctor"),
    })
}

fn fill(pid: Pid, request: &HolderRequest) -> Result<()> {
    let HolderRequest { maps, helpers } = request;
    match helpers {
        Some([newuidmap, newgidmap]) => {
            map_by(newuidmap, pid, &maps.uids)?;
            map_by(newgidmap, pid, &maps.gids)
        }
        None => {
            let files = [
                ("setgroups", "deny".to_owned()),
                ("gid_map", map_file(&maps.gids)),
                ("uid_map", map_file(&maps.uids)),
            ];
            files.iter().try_for_each(|(name, text)| {
                let path = format!("/proc/{}/{name}", pid.as_raw_nonzero());
                fs::write(&path, text).step_at(CODE, "map the user's own id", &path).map_err(|error| {
                    error.hint("the machine restricts user namespaces of ordinary users; see: rcx doctor")
                })
            })
        }
    }
}

/// Has newuidmap(1) or newgidmap(1) write a map: they are setuid, and check it against `/etc/subuid` and `/etc/subgid`.
fn map_by(program: &Path, pid: Pid, ranges: &[IdRange]) -> Result<()> {
    const STEP: &str = "map the user's subordinate ids";
    let numbers = ranges.iter().flat_map(|range| [range.container, range.host, range.size]);
    let mut command = Command::new(program);
    command.arg(pid.as_raw_nonzero().to_string()).args(numbers.map(|number| number.to_string()));
    let output = command.output().step_at(CODE, STEP, program.display())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("it failed without a word");
    let what = Error::new("ERR_RCX_ID_MAP", format!("{STEP}: {said}")).at(program.display().to_string());
    Err(what.hint(advice(program, said)))
}

/// What helps, by what newuidmap says and by what keeps it from its privileges.
fn advice(program: &Path, said: &str) -> String {
    let path = program.display();
    if !said.contains("not permitted") {
        return "see the lines of this user in /etc/subuid and /etc/subgid; usermod --add-subuids changes them"
            .to_owned();
    }
    if rustix::thread::no_new_privs().unwrap_or(false) {
        return "no_new_privs keeps it from its privileges: start this process without; in Kubernetes set \
                allowPrivilegeEscalation"
            .to_owned();
    }
    if !is_privileged(program) {
        return format!("it has lost its privileges: run, as root: chmod u+s {path}; or reinstall uidmap");
    }
    // user_namespaces(7): a writer who is not the owner of the namespace needs CAP_SYS_ADMIN, which containers' roots lack. With a
    // capability of its own the program stays its user's.
    let capability = if said.contains("gid_map") { "cap_setgid" } else { "cap_setuid" };
    format!(
        "a container without SYS_ADMIN keeps a setuid program from it: run, as its root: chmod u-s {path} && setcap \
         {capability}+ep {path}"
    )
}

/// Whether a program is setuid, or has capabilities of its own (capabilities(7)).
fn is_privileged(program: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let setuid = fs::metadata(program).is_ok_and(|meta| meta.mode() & libc::S_ISUID != 0);
    setuid || rustix::fs::getxattr(program, "security.capability", &mut [0u8; 64]).is_ok()
}

fn write_record(run: &Path, pid: Pid) -> Result<()> {
    const STEP: &str = "record the holder of the user's namespace";
    let identity = ProcessIdentity::of(pid.as_raw_nonzero().get())?;
    let path = record(run);
    identity.write(&path).step_at(CODE, STEP, path.display())?;
    debug_assert_eq!(holder(run).as_ref(), Some(&identity));
    Ok(())
}
