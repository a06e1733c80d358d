//! The compressed blob on its way in: pushed by whoever downloads it, read by the thread that inflates it.
//!
//! Pushed pieces wait in memory up to a bound. What comes while the bound is reached is not kept: the pusher has written it
//! to the blob's file before, and it is read from there. So nothing is read back as long as the inflater keeps up, memory is
//! bounded when it does not, and a slow disk never holds the download back.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Most that waits in memory for one blob.
const QUEUED_MAX: usize = 8 * 1024 * 1024;
/// What is read from the file at a time.
const FILE_CHUNK: u64 = 256 * 1024;

/// The end that is written to; shared by pusher and reader.
#[derive(Debug)]
pub struct Inlet {
    path: PathBuf,
    size: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Pieces with the offset of each; in order, with gaps where the bound was reached.
    queue: VecDeque<(u64, Vec<u8>)>,
    queued: usize,
    /// So much is in the file.
    written: u64,
    /// So much was taken by the reader.
    consumed: u64,
    cancelled: bool,
}

impl Inlet {
    /// A blob of `size` bytes that is, or is going to be, in the file `path`.
    pub fn new(path: PathBuf, size: u64) -> Self {
        Self { path, size, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The next piece has arrived, and is in the file already.
    pub fn push(&self, piece: &[u8]) {
        let mut state = self.lock();
        let offset = state.written;
        state.written += piece.len() as u64;
        if !state.cancelled && state.queued + piece.len() <= QUEUED_MAX {
            state.queued += piece.len();
            state.queue.push_back((offset, piece.to_vec()));
        }
        self.changed.notify_all();
    }

    /// The whole blob is in the file.
    pub fn stored(&self) {
        self.lock().written = self.size;
        self.changed.notify_all();
    }

    /// The rest will not come: the reader fails.
    pub fn cancel(&self) {
        self.lock().cancelled = true;
        self.changed.notify_all();
    }

    /// Whether [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Bytes that the reader has taken so far.
    pub fn consumed(&self) -> u64 {
        self.lock().consumed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what comes at `offset`.
    fn next(&self, offset: u64) -> io::Result<Piece> {
        let mut state = self.lock();
        state.consumed = offset;
        loop {
            if state.cancelled {
                return Err(io::Error::other("cancelled"));
            }
            if let Some((at, _)) = state.queue.front().filter(|(at, _)| *at <= offset) {
                debug_assert_eq!(*at, offset);
                let (_, piece) = state.queue.pop_front().unwrap_or_default();
                state.queued -= piece.len();
                return Ok(Piece::Memory(piece));
            }
            let until = state.queue.front().map_or(state.written, |(at, _)| *at);
            if until > offset {
                return Ok(Piece::File(until - offset));
            }
            if offset >= self.size {
                return Ok(Piece::End);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

enum Piece {
    Memory(Vec<u8>),
    /// So many bytes are in the file only.
    File(u64),
    End,
}

/// The end that is read from.
#[derive(Debug)]
pub struct Outlet {
    inlet: Arc<Inlet>,
    file: Option<File>,
    offset: u64,
    piece: Vec<u8>,
    at: usize,
}

impl Outlet {
    /// Reads what `inlet` gets, from its start.
    pub fn new(inlet: Arc<Inlet>) -> Self {
        Self { inlet, file: None, offset: 0, piece: Vec::new(), at: 0 }
    }

    fn read_file(&mut self, available: u64) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(File::open(&self.inlet.path)?),
        };
        let wanted = usize::try_from(available.min(FILE_CHUNK)).unwrap_or(0);
        self.piece.resize(wanted, 0);
        let read = file.read_at(&mut self.piece, self.offset)?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than the blob"));
        }
        self.piece.truncate(read);
        Ok(())
    }
}

impl BufRead for Outlet {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.piece.len() {
            self.at = 0;
            self.piece.clear();
            match self.inlet.next(self.offset)? {
                Piece::Memory(piece) => self.piece = piece,
                Piece::File(available) => self.read_file(available)?,
                Piece::End => {}
            }
            self.offset += self.piece.len() as u64;
        }
        Ok(&self.piece[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.piece.len());
    }
}

impl Read for Outlet {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn temporary(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("rcx-inlet-{}-{name}", std::process::id()))
    }

    #[test]
    fn what_exceeds_the_bound_is_read_from_the_file() {
        let path = temporary("bound");
        let mut file = File::create(&path).unwrap();
        let piece: Vec<u8> = (0..1024 * 1024).map(|i| (i % 251) as u8).collect();
        let count = 2 * QUEUED_MAX / piece.len() + 3;
        let inlet = Arc::new(Inlet::new(path.clone(), (count * piece.len()) as u64));
        for _ in 0..count {
            file.write_all(&piece).unwrap();
            inlet.push(&piece);
        }
        assert!(inlet.lock().queued <= QUEUED_MAX);
        let mut all = Vec::new();
        Outlet::new(Arc::clone(&inlet)).read_to_end(&mut all).unwrap();
        assert_eq!(all, piece.repeat(count));
        assert_eq!(inlet.consumed(), all.len() as u64);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn pieces_after_a_gap_are_taken_from_memory_again() {
        let path = temporary("gap");
        let big = vec![7u8; QUEUED_MAX];
        std::fs::write(&path, [&big[..], b"gap", b"end"].concat()).unwrap();
        let inlet = Arc::new(Inlet::new(path.clone(), big.len() as u64 + 6));
        let mut outlet = Outlet::new(Arc::clone(&inlet));
        inlet.push(&big);
        inlet.push(b"gap");
        let taken = outlet.fill_buf().unwrap().len();
        outlet.consume(taken);
        inlet.push(b"end");
        assert_eq!(inlet.lock().queue.len(), 1);
        let mut rest = Vec::new();
        outlet.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"gapend");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn cancelling_ends_the_wait() {
        let inlet = Arc::new(Inlet::new(temporary("none"), 10));
        let mut outlet = Outlet::new(Arc::clone(&inlet));
        let reader = std::thread::spawn(move || outlet.fill_buf().map(<[u8]>::len));
        inlet.cancel();
        assert!(reader.join().unwrap().is_err());
        assert!(inlet.is_cancelled());
    }

    #[test]
    fn a_file_that_is_too_short_is_an_error() {
        let path = temporary("short");
        std::fs::write(&path, b"abc").unwrap();
        let inlet = Arc::new(Inlet::new(path.clone(), 4));
        inlet.stored();
        let error = Outlet::new(inlet).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        std::fs::remove_file(path).unwrap();
    }
}
