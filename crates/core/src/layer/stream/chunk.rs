//! The pieces in which an archive is handed on.

/// How far a deflated stream may refer back (RFC 1951, section 2).
pub const WINDOW: usize = 32 * 1024;
/// Small enough for the cache of a processor's core, large enough that waking another thread does not count.
pub const SIZE: usize = 256 * 1024;

/// A piece of the archive, in a buffer with room before it for what an inflater refers back to: so the inflater writes where
/// the readers read, and nothing is copied in between.
#[derive(Debug)]
pub struct Chunk {
    buffer: Vec<u8>,
    length: usize,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { buffer: vec![0; WINDOW + SIZE], length: 0 }
    }
}

impl Chunk {
    /// The content.
    pub fn content(&self) -> &[u8] {
        &self.buffer[WINDOW..WINDOW + self.length]
    }

    /// Forgets the content, which may then be overwritten.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Whether nothing more fits in.
    pub fn is_full(&self) -> bool {
        self.length == SIZE
    }

    /// The room behind the content.
    pub fn rest(&mut self) -> &mut [u8] {
        &mut self.buffer[WINDOW + self.length..]
    }

    /// So many bytes of the room are content now.
    pub fn grow(&mut self, by: usize) {
        self.length = (self.length + by).min(SIZE);
    }

    /// The `before` bytes in front of the room, content and what was put there by [`Self::precede`], and the room; and where in
    /// it the room starts.
    pub fn with_window(&mut self, before: usize) -> (&mut [u8], usize) {
        let before = before.min(WINDOW);
        (&mut self.buffer[WINDOW + self.length - before..], before)
    }

    /// Puts what came before this chunk in front of its empty content.
    pub fn precede(&mut self, window: &[u8]) {
        let window = &window[window.len().saturating_sub(WINDOW)..];
        self.buffer[WINDOW - window.len()..WINDOW].copy_from_slice(window);
    }

    /// The last bytes up to the end of the content, as many as a stream can refer back to.
    pub fn window(&self) -> &[u8] {
        &self.buffer[self.length..WINDOW + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_reaches_over_chunks() {
        let mut first = Chunk::default();
        first.rest()[..5].copy_from_slice(b"hello");
        first.grow(5);
        assert_eq!(first.content(), b"hello");
        assert!(first.window().ends_with(b"\0hello") && first.window().len() == WINDOW);
        let mut second = Chunk::default();
        second.precede(first.window());
        let (all, at) = second.with_window(5);
        assert_eq!((&all[..at], at), (&b"hello"[..], 5));
        all[at] = b'!';
        second.grow(1);
        assert_eq!(second.content(), b"!");
        assert!(second.window().ends_with(b"hello!"));
    }

    #[test]
    fn a_full_chunk_has_no_room() {
        let mut chunk = Chunk::default();
        assert_eq!(chunk.rest().len(), SIZE);
        chunk.grow(SIZE);
        assert!(chunk.is_full() && chunk.rest().is_empty());
        chunk.clear();
        assert!(chunk.content().is_empty());
    }
}
