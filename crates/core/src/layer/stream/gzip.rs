//! gzip (RFC 1952) around the fastest inflater that is written in safe Rust: the data is a stranger's, and inflating it is what
//! a pull spends most of its time on.

use std::io::{self, BufRead};

use fdeflate::Decompressor;

use super::chunk::{Chunk, WINDOW};
use super::unread::Unread;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Section 2.3.1: flags of the fields that may follow the header.
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// `fdeflate` reads zlib streams (RFC 1950): a header, deflated data, a checksum of four bytes.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];
const CHECKSUM: usize = 4;
/// Bytes of a member's length, which follows its checksum.
const LENGTH: usize = 4;
const NO_HEADER: &str = "no gzip header where one must be";
/// So many bytes behind the checksum may be in its bit buffer when it says that it is done.
const LOOKAHEAD: usize = 3;

/// Reads the members of a gzip file, one after the other.
pub struct GzipReader<R> {
    source: Unread<R>,
    member: Option<Member>,
    /// What the next chunk's content may refer back to.
    window: Vec<u8>,
}

struct Member {
    inflater: Decompressor,
    crc: crc32fast::Hasher,
    /// Bytes inflated so far.
    length: u64,
    /// The last bytes that the inflater took.
    taken: [u8; CHECKSUM + LOOKAHEAD],
}

impl<R: BufRead> GzipReader<R> {
    /// Reads `source` from its first header on.
    pub fn new(source: Unread<R>) -> Self {
        Self { source, member: None, window: Vec::with_capacity(WINDOW) }
    }

    /// Adds to a chunk until it is full or the file ends.
    pub fn fill(&mut self, chunk: &mut Chunk) -> io::Result<()> {
        chunk.precede(&self.window);
        while !chunk.is_full() {
            let Some(member) = &mut self.member else {
                if self.source.fill_buf()?.is_empty() {
                    break;
                }
                read_header(&mut self.source)?;
                self.member = Some(Member::new()?);
                continue;
            };
            member.inflate(&mut self.source, chunk)?;
            if member.inflater.is_done() {
                member.check_trailer(&mut self.source)?;
                self.member = None;
            }
        }
        self.window.clear();
        self.window.extend_from_slice(chunk.window());
        Ok(())
    }
}

impl Member {
    fn new() -> io::Result<Self> {
        let mut inflater = Decompressor::new();
        inflater.ignore_adler32();
        inflater.read(&ZLIB_HEADER, &mut [], 0, false).map_err(undecodable)?;
        Ok(Self { inflater, crc: crc32fast::Hasher::new(), length: 0, taken: [0; CHECKSUM + LOOKAHEAD] })
    }

    /// Takes one piece of the source.
    fn inflate(&mut self, source: &mut impl BufRead, chunk: &mut Chunk) -> io::Result<()> {
        let input = source.fill_buf()?;
        // Nothing before the member's own start: a stream that refers to more is damaged.
        let (output, at) = chunk.with_window(usize::try_from(self.length).unwrap_or(WINDOW));
        let (taken, made) = self.inflater.read(input, output, at, input.is_empty()).map_err(undecodable)?;
        self.crc.update(&output[at..at + made]);
        self.length += made as u64;
        self.remember(&input[..taken]);
        source.consume(taken);
        chunk.grow(made);
        Ok(())
    }

    fn remember(&mut self, taken: &[u8]) {
        let last = &taken[taken.len().saturating_sub(self.taken.len())..];
        self.taken.rotate_left(last.len());
        let from = self.taken.len() - last.len();
        self.taken[from..].copy_from_slice(last);
    }

    /// Checksum and length of the member (section 2.3.1). Where they start is known only up to the inflater's lookahead: it is
    /// where both are right and nothing but the file's end or another member follows.
    fn check_trailer(&self, source: &mut Unread<impl BufRead>) -> io::Result<()> {
        let expected =
            [self.crc.clone().finalize().to_le_bytes(), (self.length as u32).to_le_bytes()].concat();
        let following = source.peek(LENGTH + MAGIC.len())?;
        let bytes = [&self.taken[..], &following].concat();
        let mut found = false;
        for start in 0..=LOOKAHEAD {
            let Some(rest) = bytes[start..].strip_prefix(&expected[..]) else { continue };
            found = true;
            if rest.is_empty() || rest.starts_with(&MAGIC) {
                return skip(source, start + expected.len() - self.taken.len());
            }
        }
        Err(damaged(if found { NO_HEADER } else { "wrong checksum or length" }))
    }
}

fn read_header(source: &mut impl BufRead) -> io::Result<()> {
    let mut header = [0; 10];
    source.read_exact(&mut header)?;
    if !header.starts_with(&MAGIC) {
        return Err(damaged(NO_HEADER));
    }
    let flags = header[3];
    if flags & EXTRA != 0 {
        let mut length = [0; 2];
        source.read_exact(&mut length)?;
        skip(source, u16::from_le_bytes(length).into())?;
    }
    for field in [NAME, COMMENT] {
        if flags & field != 0 {
            while read_byte(source)? != 0 {}
        }
    }
    if flags & HEADER_CRC != 0 {
        skip(source, 2)?;
    }
    Ok(())
}

fn skip(source: &mut impl BufRead, count: usize) -> io::Result<()> {
    for _ in 0..count {
        read_byte(source)?;
    }
    Ok(())
}

fn read_byte(source: &mut impl BufRead) -> io::Result<u8> {
    let mut byte = [0];
    source.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn undecodable(error: fdeflate::DecompressionError) -> io::Error {
    match error {
        fdeflate::DecompressionError::InsufficientInput => damaged("it ends too early"),
        other => damaged(format!("{other:?}")),
    }
}

fn damaged(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}
