//! Copying between a container's streams and others, on threads of their own: a slow reader holds up nobody else,
//! and nothing is lost when the container ends.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;

use super::detach::DetachKeys;
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_STDIO";
/// A pipe holds 64 KiB by default: more is never there at once.
const CHUNK: usize = 64 * 1024;

/// The copying threads of one container.
#[derive(Debug, Default)]
pub struct Pumps {
    outputs: Vec<JoinHandle<std::result::Result<(), Errno>>>,
    stop: Option<Arc<OwnedFd>>,
}

impl Pumps {
    /// Copies `from` into `to`; end of file closes it, and so do the detach keys, which call what is with them.
    pub fn input(
        &mut self,
        from: impl AsFd + Send + 'static,
        to: OwnedFd,
        detach: Option<(DetachKeys, Box<dyn FnOnce() + Send>)>,
    ) -> Result<()> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC).step(CODE, "make an eventfd")?);
        self.stop = Some(Arc::clone(&stop));
        thread::Builder::new()
            .name("rcx-stdin".to_owned())
            .spawn(move || copy_in(from.as_fd(), &to, &stop, detach))
            .step(CODE, "start a thread for stdin")?;
        Ok(())
    }

    /// Copies `from` to `to` until the last writer is gone; `unread` is called when the reader goes before.
    pub fn output(
        &mut self,
        from: OwnedFd,
        to: impl AsFd + Send + 'static,
        unread: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        let copy = move || {
            copy_out(&from, to.as_fd()).inspect_err(|errno| {
                if *errno == Errno::PIPE {
                    unread()
                }
            })
        };
        let thread = thread::Builder::new()
            .name("rcx-output".to_owned())
            .spawn(copy)
            .step(CODE, "start a thread for output")?;
        self.outputs.push(thread);
        Ok(())
    }

    /// Waits until all output is written, and ends the reading of stdin.
    pub fn finish(self) -> Result<()> {
        let mut result = Ok(());
        for output in self.outputs {
            match output.join() {
                // A reader that went away (`| head`) wants no more: that is no failure of ours.
                Ok(Ok(()) | Err(Errno::PIPE)) => {}
                Ok(Err(errno)) => result = Err(Error::os(CODE, "write the container's output", errno)),
                Err(_) => {
                    result =
                        Err(Error::new(CODE, "write the container's output: the copying thread panicked"))
                }
            }
        }
        if let Some(stop) = self.stop {
            rustix::io::write(&*stop, &1u64.to_ne_bytes()).step(CODE, "end the reading of stdin")?;
        }
        result
    }
}

fn copy_in(
    from: BorrowedFd<'_>,
    to: &OwnedFd,
    stop: &OwnedFd,
    mut detach: Option<(DetachKeys, Box<dyn FnOnce() + Send>)>,
) -> std::result::Result<(), Errno> {
    let mut buffer = vec![0u8; CHUNK];
    loop {
        let mut fds = [
            PollFd::new(&from, PollFlags::IN),
            PollFd::new(stop, PollFlags::IN),
            // Without events this reports only that the container closed its end.
            PollFd::new(to, PollFlags::empty()),
        ];
        match poll(&mut fds, None) {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        if !fds[1].revents().is_empty() || !fds[2].revents().is_empty() {
            return Ok(());
        }
        match rustix::io::read(from, &mut buffer) {
            Ok(0) => return end_of_input(to),
            Ok(length) => {
                let Some((keys, _)) = &mut detach else {
                    write_all(to.as_fd(), &buffer[..length])?;
                    continue;
                };
                let (passed, complete) = keys.filter(&buffer[..length]);
                write_all(to.as_fd(), &passed)?;
                if complete {
                    if let Some((_, leave)) = detach.take() {
                        leave();
                    }
                    return Ok(());
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Closing a pipe is the end of file; a terminal needs the character for it, or its reader would wait for ever.
fn end_of_input(to: &OwnedFd) -> std::result::Result<(), Errno> {
    const END_OF_TRANSMISSION: &[u8] = &[4];
    if rustix::termios::isatty(to) { write_all(to.as_fd(), END_OF_TRANSMISSION) } else { Ok(()) }
}

fn copy_out(from: &OwnedFd, to: BorrowedFd<'_>) -> std::result::Result<(), Errno> {
    let mut buffer = vec![0u8; CHUNK];
    loop {
        match rustix::io::read(from, &mut buffer) {
            // EIO: the last process with this terminal open is gone (pty(7)).
            Ok(0) | Err(Errno::IO) => return Ok(()),
            Ok(length) => write_all(to, &buffer[..length])?,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_for(from.as_fd(), PollFlags::IN)?,
            Err(errno) => return Err(errno),
        }
    }
}

fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> std::result::Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            // Whoever shares this stream with us has made it non-blocking; that is theirs to decide.
            Err(Errno::AGAIN) => wait_for(to, PollFlags::OUT)?,
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn wait_for(fd: BorrowedFd<'_>, events: PollFlags) -> std::result::Result<(), Errno> {
    match poll(&mut [PollFd::new(&fd, events)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}
