//! A source to which bytes can be given back.

use std::io::{self, BufRead, Read};

/// Reads what was given back before it goes on with the source.
pub struct Unread<R> {
    front: Vec<u8>,
    at: usize,
    source: R,
}

impl<R: BufRead> Unread<R> {
    /// Nothing was given back yet.
    pub fn new(source: R) -> Self {
        Self { front: Vec::new(), at: 0, source }
    }

    /// Reads up to `limit` bytes, fewer only at the end of the source, and gives them back.
    pub fn peek(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(limit);
        self.by_ref().take(limit as u64).read_to_end(&mut bytes)?;
        self.unread(&bytes);
        Ok(bytes)
    }

    /// Gives back the bytes that were read last.
    fn unread(&mut self, bytes: &[u8]) {
        self.front = [bytes, &self.front[self.at..]].concat();
        self.at = 0;
    }
}

impl<R: BufRead> BufRead for Unread<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at < self.front.len() { Ok(&self.front[self.at..]) } else { self.source.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        if self.at < self.front.len() { self.at += amount } else { self.source.consume(amount) }
    }
}

impl<R: BufRead> Read for Unread<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_peeked_at_comes_again() {
        let mut source = Unread::new(io::BufReader::with_capacity(2, &b"abcdef"[..]));
        assert_eq!(source.peek(3).unwrap(), b"abc");
        assert_eq!(source.peek(5).unwrap(), b"abcde");
        let mut two = [0; 2];
        source.read_exact(&mut two).unwrap();
        assert_eq!(source.peek(9).unwrap(), b"cdef");
        let mut rest = Vec::new();
        source.read_to_end(&mut rest).unwrap();
        assert_eq!((&two, &rest[..]), (b"ab", &b"cdef"[..]));
        assert_eq!(source.peek(1).unwrap(), b"");
    }
}
