//! Inflated pieces between the thread that makes them and the one that reads them: a bounded queue whose buffers go round.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::chunk::Chunk;
use crate::error::Result;

/// Chunks that may wait for their reader.
pub const DEPTH: usize = 16;

/// A chunk that the parser reads and the hashing thread, too.
pub type Shared = Arc<Chunk>;

/// The queue.
#[derive(Debug, Default)]
pub struct Flow {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    ready: VecDeque<Shared>,
    /// Read chunks, to be filled again: fresh memory would have to be zeroed by the kernel, page after page.
    spare: Vec<Shared>,
    end: Option<Result<()>>,
    closed: bool,
}

/// What the reader gets.
pub enum Next {
    /// A chunk with at least one byte.
    Chunk(Shared),
    /// None came in time.
    Nothing,
    /// There are no more.
    End,
}

impl Flow {
    /// An empty chunk.
    pub fn spare(&self) -> Chunk {
        // One that is still being hashed is left to the hashing thread.
        let mut chunk = self.lock().spare.pop().and_then(Arc::into_inner).unwrap_or_default();
        chunk.clear();
        chunk
    }

    /// Hands on a chunk, waiting for room; false when nobody reads any more.
    pub fn put(&self, chunk: Shared) -> bool {
        let mut state = self.lock();
        while state.ready.len() >= DEPTH && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return false;
        }
        state.ready.push_back(chunk);
        self.changed.notify_all();
        true
    }

    /// No chunk follows, for this reason.
    pub fn end(&self, outcome: Result<()>) {
        self.lock().end = Some(outcome);
        self.changed.notify_all();
    }

    /// Nobody reads any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Whether all chunks were made and read, and without an error.
    pub fn has_ended(&self) -> bool {
        let state = self.lock();
        state.ready.is_empty() && matches!(state.end, Some(Ok(())))
    }

    /// The next chunk; what came before an error is read first.
    pub fn take(&self, patience: Duration) -> Result<Next> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(chunk) = state.ready.pop_front() {
                self.changed.notify_all();
                return Ok(Next::Chunk(chunk));
            }
            if let Some(outcome) = &state.end {
                return outcome.clone().map(|()| Next::End);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Next::Nothing);
            }
            (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The reader is done with a chunk.
    pub fn give_back(&self, chunk: Shared) {
        let mut state = self.lock();
        if state.spare.len() < DEPTH {
            state.spare.push(chunk);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
