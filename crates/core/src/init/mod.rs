//! Stage 2 of a launch: the container's init, in a process and memory of its own, inside the new root. It confines itself
//! and becomes the user's program.

pub mod config;
mod exec;
pub mod join;
mod label;
mod reaper;
pub mod rlimits;
mod single_id;
mod user;

use std::fs::{DirBuilder, File};
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use self::config::{InitConfig, User};
use self::exec::Program;
use self::label::When;
use self::reaper::Role;
use self::user::Identity;
use crate::error::{Context, Error, Result};
use crate::launch::{PAYLOAD_FD, SYNC_FD};
use crate::security::{capabilities, seccomp};
use crate::{sys, wire};

const CODE: &str = "ERR_RCX_INIT";

/// Runs the init; never returns. To be called first thing by the helper binary, with the descriptors of the hand-over.
pub fn main() -> ! {
    // SAFETY: the launcher put them there for this process alone; nobody else owns these numbers.
    let (sync, payload) = unsafe { (OwnedFd::from_raw_fd(SYNC_FD), OwnedFd::from_raw_fd(PAYLOAD_FD)) };
    match run(sync.as_fd(), payload) {
        Ok(child) => {
            // The launcher takes the end of the socket for the start of the program; PID 1 keeps no other door open either.
            drop(sync);
            let closed = sys::close_from(SYNC_FD.unsigned_abs(), false);
            // Nothing of the launcher is left in it, and programs write to /proc/1/fd/1 to have it in the log.
            match closed.and_then(|()| sys::prctl(libc::PR_SET_DUMPABLE, 1, 0)) {
                Ok(_) => sys::exit_now(reaper::serve(child).unwrap_or(255)),
                Err(_) => sys::exit_now(125),
            }
        }
        Err(error) => {
            let told = wire::send_error(sync.as_fd(), &error);
            // With the launcher gone there is nobody left to tell.
            sys::exit_now(if told.is_ok() { 1 } else { 125 })
        }
    }
}

/// Comes back with the main child only in the reaper; otherwise the program has taken over, or there is an error.
fn run(sync: BorrowedFd<'_>, payload: OwnedFd) -> Result<Pid> {
    // A descriptor of the host that survived exec would be a door out of the container (CVE-2024-21626).
    sys::close_from(SYNC_FD.unsigned_abs(), true).step(CODE, "mark descriptors close-on-exec")?;
    let config = read_config(payload)?;
    if config.shared_pids {
        // Processes of others may try to trace it (CVE-2016-9962).
        sys::prctl(libc::PR_SET_DUMPABLE, 0, 0).step(CODE, "make the process undumpable")?;
    }
    let (identity, program) = prepared(&config, sync)?;
    confine(&config, &identity)?;
    die_with_parent(sync)?;
    if config.reaper {
        if let Role::Reaper(child) =
            reaper::split(config.terminal).step(CODE, "fork the program from the init")?
        {
            return Ok(child);
        }
        die_with_parent(sync)?;
    }
    reset_signals()?;
    Err(program.exec())
}

/// Everything up to the launcher's word that the program may run.
fn prepared(config: &InitConfig, sync: BorrowedFd<'_>) -> Result<(Identity, Program)> {
    let identity = identify(config)?;
    let program = Program::new(&config.args, &environment(&config.env, &identity))?;
    prepare(config, &identity)?;
    wire::send(sync, wire::READY).step(CODE, "report ready")?;
    await_start(sync)?;
    Ok((identity, program))
}

/// Confines this process and runs the program in its place; comes back only with the reason why it does not run.
///
/// `bound`: the launcher's socket, when the program is to die with the launcher.
fn exec_program(
    config: &InitConfig,
    (identity, program): (Identity, Program),
    bound: Option<BorrowedFd<'_>>,
) -> Result<Error> {
    confine(config, &identity)?;
    if let Some(sync) = bound {
        die_with_parent(sync)?;
    }
    reset_signals()?;
    Ok(program.exec())
}

fn payload_text(payload: OwnedFd) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    File::from(payload).read_to_end(&mut text).step(CODE, "read the init's configuration")?;
    Ok(text)
}

fn read_config(payload: OwnedFd) -> Result<InitConfig> {
    serde_json::from_slice(&payload_text(payload)?)
        .map_err(|e| Error::new(CODE, format!("read the init's configuration: {e}")))
}

fn identify(config: &InitConfig) -> Result<Identity> {
    let mut identity = match &config.user {
        User::Name(text) => user::resolve(text)?,
        User::Ids { uid, gid, groups } => {
            Identity { uid: *uid, gid: *gid, groups: groups.clone(), home: user::home_of(*uid) }
        }
    };
    user::add_groups(&mut identity, &config.groups)?;
    Ok(identity)
}

/// HOME comes from the container's passwd unless the image or the caller has set it, as in Docker.
fn environment(env: &[String], identity: &Identity) -> Vec<String> {
    let mut env = env.to_vec();
    if !env.iter().any(|pair| pair.starts_with("HOME=")) {
        env.push(format!("HOME={}", identity.home.as_deref().unwrap_or("/")));
    }
    env
}

/// Everything that needs no decision from outside: session, terminal, limits, working directory.
fn prepare(config: &InitConfig, identity: &Identity) -> Result<()> {
    rustix::process::setsid().step(CODE, "start a session")?;
    if config.terminal {
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())
            .step(CODE, "make the terminal the controlling one")?;
    }
    own_stdio(identity)?;
    if let Some(label) = &config.selinux {
        label::selinux_keys(Some(label))?;
    }
    join_keyring(&config.keyring)?;
    if config.selinux.is_some() {
        label::selinux_keys(None)?;
    }
    if let Some(score) = config.oom_score_adj {
        set_oom_score(score)?;
    }
    rlimits::set(0, &config.rlimits)?;
    change_directory(&config.cwd)
}

/// `/dev/stdout` must be openable by the container's own user. Only what rcx made is touched: a pipe or a terminal.
fn own_stdio(identity: &Identity) -> Result<()> {
    use rustix::fs::{FileType, Uid, fchown, fstat};
    if single_id::needs_own(identity) {
        return Ok(());
    }
    for fd in [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()] {
        let kind = fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode));
        let pipe = kind == Ok(FileType::Fifo);
        if pipe || rustix::termios::isatty(fd) {
            fchown(fd, Some(Uid::from_raw(identity.uid)), None)
                .step(CODE, "give stdio to the container's user")?;
        }
    }
    Ok(())
}

/// Keys of the launcher's session must not be visible inside. A kernel without keyrings has none to show.
fn join_keyring(name: &str) -> Result<()> {
    match sys::join_session_keyring(&crate::plan::target::cstring(name)?) {
        Err(Errno::NOSYS) => Ok(()),
        other => other.step_at(CODE, "join a session keyring", name),
    }
}

/// Lowering it takes `CAP_SYS_RESOURCE`; the launcher's own is never refused.
fn set_oom_score(score: i32) -> Result<()> {
    const PATH: &str = "/proc/self/oom_score_adj";
    std::fs::write(PATH, score.to_string()).step_at(CODE, "set the out-of-memory score", PATH)
}

fn change_directory(cwd: &str) -> Result<()> {
    let step = "change to the working directory";
    match rustix::process::chdir(cwd) {
        Err(Errno::NOENT) => {
            // The umask is still empty: it is the container's from the change of user on.
            let made = DirBuilder::new().recursive(true).mode(0o755).create(cwd);
            made.step_at(CODE, "make the working directory", cwd)?;
            rustix::process::chdir(cwd).step_at(CODE, step, cwd)?;
        }
        other => other.step_at(CODE, step, cwd)?,
    }
    // Outside the root the kernel reports a path without its leading slash: a leaked directory of the host
    // (CVE-2024-21626).
    let real = rustix::process::getcwd(Vec::new()).step_at(CODE, step, cwd)?;
    if real.as_bytes().starts_with(b"/") {
        return Ok(());
    }
    Err(Error::new(CODE, format!("{step}: it lies outside the container")).at(cwd))
}

fn await_start(sync: BorrowedFd<'_>) -> Result<()> {
    let mut packet = [0u8; 8];
    loop {
        match rustix::net::recv(sync, &mut packet[..], rustix::net::RecvFlags::empty()) {
            Err(Errno::INTR) => {}
            Ok((length, _)) if packet.get(..length) == Some(wire::GO) => return Ok(()),
            // Closed: the launcher is dead and so is the container.
            Ok(_) | Err(_) => sys::exit_now(1),
        }
    }
}

/// The order matters. The filter needs `CAP_SYS_ADMIN` unless `no_new_privs` is set, so without that it comes before the
/// capabilities go, and must allow what follows; with it, it comes last. Bounding set and ids need their capabilities, so they
/// come before the sets are cut.
fn confine(config: &InitConfig, identity: &Identity) -> Result<()> {
    const CODE: &str = "ERR_RCX_CONFINE";
    if config.no_new_privileges {
        sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0).step(CODE, "set no_new_privs")?;
    }
    if let Some(profile) = &config.apparmor {
        label::apparmor(profile, if config.reaper { When::Now } else { When::Exec })?;
    }
    if let Some(label) = &config.selinux {
        label::selinux(label)?;
    }
    let nested = single_id::needs_own(identity);
    if nested {
        single_id::become_other(identity)?;
    }
    let install = |filter| seccomp::install(filter).step(CODE, "install the seccomp filter");
    let (last, first) = config.seccomp.iter().partition::<Vec<_>, _>(|_| config.no_new_privileges);
    first.into_iter().try_for_each(install)?;
    capabilities::limit_bounding(config.capabilities.bounding)
        .step(CODE, "limit the bounding capabilities")?;
    sys::prctl(libc::PR_SET_KEEPCAPS, 1, 0).step(CODE, "keep capabilities across the change of user")?;
    if !nested {
        become_user(identity)?;
    }
    sys::prctl(libc::PR_SET_KEEPCAPS, 0, 0).step(CODE, "drop capabilities at exec again")?;
    let mut sets = config.capabilities;
    if identity.uid != 0 {
        // As Docker: an ordinary user starts without capabilities and can gain those of the bounding set by setuid files.
        (sets.effective, sets.permitted, sets.inheritable) = (sets.ambient, sets.ambient, sets.ambient);
    }
    capabilities::apply(&sets).step(CODE, "set the capabilities")?;
    rustix::process::umask(Mode::from_raw_mode(config.umask));
    last.into_iter().try_for_each(install)
}

fn become_user(identity: &Identity) -> Result<()> {
    const CODE: &str = "ERR_RCX_CONFINE";
    let check = |result: libc::c_int| if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
    single_id::set_groups(&identity.groups).step(CODE, "set the supplementary groups")?;
    // SAFETY: plain integers.
    check(unsafe { libc::setresgid(identity.gid, identity.gid, identity.gid) })
        .step(CODE, "set the group")?;
    // SAFETY: plain integers.
    check(unsafe { libc::setresuid(identity.uid, identity.uid, identity.uid) }).step(CODE, "set the user")
}

/// A change of credentials clears the death signal (prctl(2)), so it is set after the last one; a launcher that died before
/// that is noticed by its end of the socket.
fn die_with_parent(sync: BorrowedFd<'_>) -> Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .step(CODE, "set the parent death signal")?;
    let mut fds = [PollFd::new(&sync, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).step(CODE, "look whether the launcher lives")?;
    if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
        sys::exit_now(1);
    }
    Ok(())
}

/// The program starts with every signal at its default and none blocked; ignored ones would survive exec.
fn reset_signals() -> Result<()> {
    for signal in 1..=64 {
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            // SAFETY: the default action runs no code. Numbers that libc keeps to itself answer EINVAL and are at their
            // default already: exec reset them and nothing here ignores them.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
    sys::set_signal_mask(0).step(CODE, "unblock signals").map(drop)
}
