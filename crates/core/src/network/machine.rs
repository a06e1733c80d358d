//! The network namespace that stands for the machine: its own, or that of an ordinary user, who has his bridges and his packet filter in
//! a namespace of his own. What reaches the machine itself, its ports and its name servers, is outside of that in either case.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::{CODE, outside};
use crate::error::{Context, Error, Result};
use crate::rootless::Session;

/// Where bridges are.
#[derive(Debug, Clone, Default)]
pub struct Machine(Option<Arc<OwnedFd>>);

impl Machine {
    /// That of an ordinary user's runtime directory; without one, where this process is.
    ///
    /// # Errors
    /// `ERR_RCX_ROOTLESS`.
    pub fn of(run: Option<&Path>) -> Result<Self> {
        Ok(Self(run.map(Session::network).transpose()?.map(Arc::new)))
    }

    /// The same, with a way out of it, which `runtime` or else this process' own program is asked to open.
    ///
    /// # Errors
    /// And `ERR_RCX_NETWORK`.
    pub fn with_way_out(run: Option<&Path>, runtime: Option<&Path>) -> Result<Self> {
        let machine = Self::of(run)?;
        if let Some(run) = run {
            outside::ensure(run, runtime.unwrap_or(Path::new("/proc/self/exe")))?;
        }
        Ok(machine)
    }

    /// The device that everything goes out by, where this is not the machine itself.
    pub fn uplink(&self) -> Option<&'static str> {
        self.0.as_ref().map(|_| outside::UPLINK)
    }

    /// Has the calling thread be there from now on. It may not be able to come back.
    ///
    /// # Errors
    /// `ERR_RCX_NETWORK` with the errno of setns(2).
    pub fn enter(&self) -> Result<()> {
        let Some(namespace) = &self.0 else { return Ok(()) };
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .step(CODE, "enter the network namespace of the user")
    }

    /// Does something there; sockets that it opens stay there.
    ///
    /// # Errors
    /// Those of `body`, and as of [`Self::enter`].
    pub fn run<T: Send>(&self, body: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        if self.0.is_none() {
            return body();
        }
        thread::scope(|scope| scope.spawn(|| self.enter().and_then(|()| body())).join())
            .unwrap_or_else(|_| Err(Error::new(CODE, "furnish the network: the thread for it died")))
    }
}
