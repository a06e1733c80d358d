//! Threads that do something for a container as long as it runs.

use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};

use rustix::pipe::{PipeFlags, pipe_with};

use super::CODE;
use crate::error::{Context, Result};

/// A thread that ends with this.
#[derive(Debug)]
pub struct Service {
    thread: Option<JoinHandle<()>>,
    /// The thread sees it hung up.
    stop: Option<OwnedFd>,
}

impl Service {
    /// Starts a thread; `body` ends when its descriptor is hung up.
    pub fn start(name: &str, body: impl FnOnce(OwnedFd) + Send + 'static) -> Result<Self> {
        let (hung_up, stop) = pipe_with(PipeFlags::CLOEXEC).step(CODE, "make a pipe")?;
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || body(hung_up));
        Ok(Self { thread: Some(thread.step_at(CODE, "start a thread", name)?), stop: Some(stop) })
    }
}

impl Drop for Service {
    /// Returns when it has let go of all it had.
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic is told by whoever handles those.
            let _ended = thread.join();
        }
    }
}
