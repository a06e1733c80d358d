//! Monitored containers for JavaScript.

use std::path::Path;

use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use rcx_core::launch::on_lasting_thread;
use rcx_core::monitor::attach::{Attachment as Core, Life, Outcome, Started};
use rcx_core::supervise::detach::DetachKeys;
use rcx_core::supervise::stdio::Stdio;

use crate::container::{LaunchPart, Resolver, StdioOptions, StdioPipes, settle, streams};
use crate::error::to_js;

/// How this process is connected to a container.
#[napi(object)]
pub struct AttachOptions {
    /// Its streams; those that are `null` are not connected.
    pub stdio: StdioOptions,
    /// Keys that detach, as `ctrl-p,ctrl-q`.
    pub detach_keys: Option<String>,
    /// One that is launched does not outlive this process.
    pub bound: Option<bool>,
}

/// A program that runs.
#[napi(object)]
pub struct StartedProgram {
    /// Process id of the container's init.
    pub pid: i32,
    /// How long each part of its launch took, where that was asked for.
    pub trace: Vec<LaunchPart>,
}

impl From<Started> for StartedProgram {
    fn from(Started { pid, trace }: Started) -> Self {
        Self { pid, trace: trace.into_iter().map(LaunchPart::from).collect() }
    }
}

/// How an attachment ended.
#[napi(object)]
pub struct AttachOutcome {
    /// `lost`: the container's monitor was killed.
    #[napi(ts_type = "'ended' | 'detached' | 'lost'")]
    pub how: String,
    /// 128 + n for signal n; absent when nobody knows.
    pub exit_code: Option<i32>,
    /// Number of the signal that killed the program.
    pub signal: Option<i32>,
    /// The kernel has killed a process of the container for want of memory.
    pub oom_killed: bool,
}

/// A connection to a container's monitor.
#[napi]
pub struct Attachment {
    core: Core,
}

#[napi]
impl Attachment {
    /// Has the monitor that was launched run the program; resolves once it runs.
    #[napi(ts_return_type = "Promise<StartedProgram>")]
    pub fn start<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<StartedProgram, Resolver<StartedProgram>>()?;
        self.core
            .start(move |result| settle(deferred, result.map(StartedProgram::from)))
            .map_err(|error| to_js(env, &error))?;
        Ok(promise)
    }

    /// Resolves when the container has ended, or the connection, and all output is written.
    #[napi(ts_return_type = "Promise<AttachOutcome>")]
    pub fn wait<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<AttachOutcome, Resolver<AttachOutcome>>()?;
        self.core.on_end(move |result| settle(deferred, result.map(outcome)));
        Ok(promise)
    }

    /// Sends a signal by number to the container's init.
    #[napi]
    pub fn kill(&self, env: &Env, signal: i32) -> napi::Result<()> {
        self.core.signal(signal).map_err(|error| to_js(env, &error))
    }

    /// The container is not run again when it ends.
    #[napi]
    pub fn stop(&self, env: &Env) -> napi::Result<()> {
        self.core.stop().map_err(|error| to_js(env, &error))
    }

    /// The monitor reads the container's record again.
    #[napi]
    pub fn reload(&self, env: &Env) -> napi::Result<()> {
        self.core.reload().map_err(|error| to_js(env, &error))
    }

    /// Sets the size of the container's terminal, in characters.
    #[napi]
    pub fn resize(&self, env: &Env, rows: u16, columns: u16) -> napi::Result<()> {
        self.core.resize(rows, columns).map_err(|error| to_js(env, &error))
    }

    /// This process' ends of the piped streams. Once.
    #[napi]
    pub fn take_pipes(&self) -> StdioPipes {
        self.core.take_pipes().into()
    }

    /// Nobody reads the program's output, or its error output, any more: writing it fails, as with a pipe.
    #[napi]
    pub fn close_output(&self, stderr: bool) {
        self.core.close_output(stderr);
    }

    /// Leaves the container as it is.
    #[napi]
    pub fn detach(&self) {
        self.core.detach();
    }
}

fn outcome(outcome: Outcome) -> AttachOutcome {
    let nothing =
        |how: &str| AttachOutcome { how: how.to_owned(), exit_code: None, signal: None, oom_killed: false };
    match outcome {
        Outcome::Ended { exit_code, signal, oom_killed } => {
            AttachOutcome { how: "ended".to_owned(), exit_code, signal, oom_killed }
        }
        Outcome::Detached => nothing("detached"),
        Outcome::Lost => nothing("lost"),
    }
}

/// Starts a monitor for the container in `folder`, connected to it; nothing of the container runs before `start`.
/// `run` is the store's runtime directory; `user` is that of an ordinary user, in whose namespace the monitor is.
#[napi(ts_return_type = "Promise<Attachment>")]
pub fn launch_monitor<'env>(
    env: &'env Env,
    runtime: String,
    folder: String,
    run: String,
    options: AttachOptions,
    user: Option<String>,
) -> napi::Result<Object<'env>> {
    let (streams, keys) = read(env, &options)?;
    let life = if options.bound == Some(true) { Life::Bound } else { Life::Own };
    let (deferred, promise) = env.create_deferred::<Attachment, Resolver<Attachment>>()?;
    on_lasting_thread(move || {
        let (folder, run) = (Path::new(&folder), Path::new(&run));
        let launched = Core::launch(
            Path::new(&runtime),
            (folder, run),
            user.as_deref().map(Path::new),
            streams,
            keys,
            life,
        );
        settle(deferred, launched.map(|core| Attachment { core }));
    })
    .map_err(|error| to_js(env, &error))?;
    Ok(promise)
}

/// Connects this process to the container whose runtime directory is `own`.
#[napi]
pub fn attach_to_monitor(env: &Env, own: String, options: AttachOptions) -> napi::Result<Attachment> {
    let (streams, keys) = read(env, &options)?;
    let core = Core::connect(Path::new(&own), streams, keys).map_err(|error| to_js(env, &error))?;
    Ok(Attachment { core })
}

fn read(env: &Env, options: &AttachOptions) -> napi::Result<(Stdio, Option<DetachKeys>)> {
    let keys = options.detach_keys.as_deref().map(DetachKeys::parse).transpose();
    Ok((streams(&options.stdio)?, keys.map_err(|error| to_js(env, &error))?))
}
