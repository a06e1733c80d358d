//! Containers for JavaScript.

use std::os::fd::{IntoRawFd, OwnedFd};

use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred, Status};
use napi_derive::napi;
use rcx_core::launch::{Exit, Part, on_lasting_thread};
use rcx_core::plan::join::JoinRequest;
use rcx_core::plan::request::LaunchRequest;
use rcx_core::supervise::stdio::{Ends, Stdio, Stream};
use rcx_core::supervise::{Container as Core, End, terminal};

use crate::error::to_js;

/// The three streams of a container: `inherit` copies to or from the same stream of this process, `pipe` gives this process
/// the other end, `null` is `/dev/null`. A terminal has both outputs in one, which is read in any case: `stdout` is `pipe`
/// or this process' own.
#[napi(object)]
pub struct StdioOptions {
    #[napi(ts_type = "'inherit' | 'pipe' | 'null'")]
    pub stdin: String,
    #[napi(ts_type = "'inherit' | 'pipe' | 'null'")]
    pub stdout: String,
    #[napi(ts_type = "'inherit' | 'pipe' | 'null'")]
    pub stderr: String,
}

/// File descriptors of this process' ends of the piped streams; the caller owns and closes them.
#[napi(object)]
pub struct StdioPipes {
    pub stdin: Option<i32>,
    pub stdout: Option<i32>,
    pub stderr: Option<i32>,
}

impl From<Ends> for StdioPipes {
    fn from(ends: Ends) -> Self {
        let raw = |end: Option<OwnedFd>| end.map(IntoRawFd::into_raw_fd);
        Self { stdin: raw(ends.stdin), stdout: raw(ends.stdout), stderr: raw(ends.stderr) }
    }
}

/// How a container ended: exactly one of `code` and `signal` is set.
#[napi(object)]
pub struct ExitStatus {
    /// Exit code, 0–255.
    pub code: Option<i32>,
    /// Number of the signal that killed it.
    pub signal: Option<i32>,
    /// The kernel has killed a process of the container for want of memory.
    pub oom_killed: bool,
}

/// How a launch went.
#[napi(object)]
pub struct LaunchOutcome {
    /// `pivot_root`, or `chroot` where the kernel refused it.
    pub root: String,
    /// The overlay was mounted by `mount(2)`: a kernel before 6.8.
    pub legacy_overlay: bool,
}

/// A part of a launch, and how long it took.
#[napi(object)]
pub struct LaunchPart {
    /// `mount in the container`.
    pub what: String,
    /// To what; may be empty.
    pub object: String,
    /// Microseconds.
    pub duration: f64,
}

impl From<Part> for LaunchPart {
    fn from(Part { what, object, nanoseconds }: Part) -> Self {
        Self { what, object, duration: std::time::Duration::from_nanos(nanoseconds).as_secs_f64() * 1e6 }
    }
}

/// Makes the result on JavaScript's thread.
pub type Resolver<T> = Box<dyn FnOnce(Env) -> napi::Result<T> + Send>;
/// A promise that another thread settles.
pub type Deferred<T> = JsDeferred<T, Resolver<T>>;

/// Settles a promise from any thread.
pub fn settle<T: ToNapiValue + Send + 'static>(deferred: Deferred<T>, result: rcx_core::Result<T>) {
    deferred.resolve(Box::new(move |env| result.map_err(|error| to_js(&env, &error))));
}

/// A container launched by this process; it dies with this process.
#[napi]
pub struct Container {
    core: Core,
}

#[napi]
impl Container {
    /// Process id of the container's init.
    #[napi(getter)]
    pub fn pid(&self) -> i32 {
        self.core.pid()
    }

    /// How the launch went.
    #[napi(getter)]
    pub fn outcome(&self) -> LaunchOutcome {
        let outcome = self.core.outcome();
        let root = if outcome.chrooted { "chroot" } else { "pivot_root" };
        LaunchOutcome { root: root.to_owned(), legacy_overlay: outcome.legacy_overlay }
    }

    /// How long each part of its launch took, where `rcx.trace` asked for it; empty until the program runs.
    #[napi(getter)]
    pub fn trace(&self) -> Vec<LaunchPart> {
        self.core.trace().into_iter().map(LaunchPart::from).collect()
    }

    /// This process' ends of the piped streams. Once, before `start`.
    #[napi]
    pub fn take_pipes(&self) -> StdioPipes {
        self.core.take_pipes().into()
    }

    /// Runs the container's program; resolves once it runs.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn start<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<(), Resolver<()>>()?;
        self.core.start(move |result| settle(deferred, result)).map_err(|error| to_js(env, &error))?;
        Ok(promise)
    }

    /// Resolves when the container has ended and all its output is written.
    #[napi(ts_return_type = "Promise<ExitStatus>")]
    pub fn wait<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<ExitStatus, Resolver<ExitStatus>>()?;
        self.core.on_exit(move |ended| {
            settle(
                deferred,
                ended.map(|End { exit, oom_killed }| match exit {
                    Exit::Code(code) => ExitStatus { code: Some(code), signal: None, oom_killed },
                    Exit::Signal(signal) => ExitStatus { code: None, signal: Some(signal), oom_killed },
                }),
            );
        });
        Ok(promise)
    }

    /// Sends a signal by number to the container's init. An ended container is no error.
    #[napi]
    pub fn kill(&self, env: &Env, signal: i32) -> napi::Result<()> {
        self.core.kill(signal).map_err(|error| to_js(env, &error))
    }

    /// Ends a container that is not going to be started; nothing of it is left afterwards.
    #[napi]
    pub fn abandon(&self) {
        self.core.abandon();
    }

    /// Sets the size of the container's terminal, in characters.
    #[napi]
    pub fn resize(&self, env: &Env, rows: u16, columns: u16) -> napi::Result<()> {
        self.core.resize(rows, columns).map_err(|error| to_js(env, &error))
    }
}

/// Prepares a container: `request` is the JSON of `{ spec, rcx }`. Nothing of it runs before `start`.
#[napi(ts_return_type = "Promise<Container>")]
pub fn create_container<'env>(
    env: &'env Env,
    request: String,
    stdio: StdioOptions,
) -> napi::Result<Object<'env>> {
    prepare(env, stdio, move |stdio| {
        LaunchRequest::parse(&request).and_then(|request| Core::create(&request, stdio))
    })
}

/// Prepares a process in a running container: `request` is the JSON of `{ spec, rcx, target }`, the container's own with
/// another `spec.process`, and its init. Nothing of it runs before `start`; it outlives this process.
#[napi(ts_return_type = "Promise<Container>")]
pub fn join_container<'env>(
    env: &'env Env,
    request: String,
    stdio: StdioOptions,
) -> napi::Result<Object<'env>> {
    prepare(env, stdio, move |stdio| {
        JoinRequest::parse(&request).and_then(|request| Core::join(&request, stdio))
    })
}

/// Has a thread that lasts as long as this process prepare a container or a process in one.
fn prepare<'env>(
    env: &'env Env,
    stdio: StdioOptions,
    work: impl FnOnce(Stdio) -> rcx_core::Result<Core> + Send + 'static,
) -> napi::Result<Object<'env>> {
    let (deferred, promise) = env.create_deferred::<Container, Resolver<Container>>()?;
    let stdio = streams(&stdio)?;
    on_lasting_thread(move || settle(deferred, work(stdio).map(|core| Container { core })))
        .map_err(|error| to_js(env, &error))?;
    Ok(promise)
}

/// The core's words for them.
pub fn streams(StdioOptions { stdin, stdout, stderr }: &StdioOptions) -> napi::Result<Stdio> {
    Ok(Stdio { stdin: stream(stdin)?, stdout: stream(stdout)?, stderr: stream(stderr)? })
}

fn stream(mode: &str) -> napi::Result<Stream> {
    match mode {
        "inherit" => Ok(Stream::Inherit),
        "pipe" => Ok(Stream::Pipe),
        "null" => Ok(Stream::Null),
        other => Err(napi::Error::new(Status::InvalidArg, format!("{other} is no stream mode"))),
    }
}

/// Puts the terminal on stdin into raw mode.
#[napi]
pub fn make_terminal_raw(env: &Env) -> napi::Result<()> {
    terminal::make_raw().map_err(|error| to_js(env, &error))
}

/// Restores the terminal, if it is raw.
#[napi]
pub fn restore_terminal(env: &Env) -> napi::Result<()> {
    terminal::restore().map_err(|error| to_js(env, &error))
}
