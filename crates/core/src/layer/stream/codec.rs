//! Undoing a layer's compression. How it is compressed is told from its first bytes: media types are too often wrong, and
//! other tools do not trust them either.

use std::io::{self, BufRead, Read};

use super::chunk::Chunk;
use super::gzip::GzipReader;
use super::unread::Unread;

/// Longest of the magic numbers.
const MAGIC: usize = 4;
/// RFC 8878, section 3.1.1.
const ZSTD_FRAME: u32 = 0xfd2f_b528;
/// RFC 8878, section 3.1.2: sixteen of them.
const SKIPPABLE_FRAME: u32 = 0x184d_2a50;

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
}

impl Compression {
    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn of(head: &[u8]) -> Self {
        if head.starts_with(&[0x1f, 0x8b, 8]) {
            return Self::Gzip;
        }
        match head.first_chunk::<MAGIC>().map(|magic| u32::from_le_bytes(*magic)) {
            Some(magic) if magic == ZSTD_FRAME || magic & 0xffff_fff0 == SKIPPABLE_FRAME => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Reads the archive inside a compressed source.
pub enum Decoder<R: BufRead> {
    /// It is not compressed.
    None(Unread<R>),
    /// gzip.
    Gzip(Box<GzipReader<R>>),
    /// zstd.
    Zstd(zstd::stream::read::Decoder<'static, Unread<R>>),
}

impl<R: BufRead> Decoder<R> {
    /// Looks how `source` is compressed.
    pub fn new(source: R) -> io::Result<Self> {
        let mut source = Unread::new(source);
        Ok(match Compression::of(&source.peek(MAGIC)?) {
            Compression::None => Self::None(source),
            Compression::Gzip => Self::Gzip(Box::new(GzipReader::new(source))),
            Compression::Zstd => Self::Zstd(zstd::stream::read::Decoder::with_buffer(source)?),
        })
    }

    /// How it is compressed.
    pub fn compression(&self) -> Compression {
        match self {
            Self::None(_) => Compression::None,
            Self::Gzip(_) => Compression::Gzip,
            Self::Zstd(_) => Compression::Zstd,
        }
    }

    /// Fills an empty chunk; one that is not full afterwards is the last, and may be empty.
    pub fn fill(&mut self, chunk: &mut Chunk) -> io::Result<()> {
        match self {
            Self::None(source) => read_into(source, chunk),
            Self::Gzip(gzip) => gzip.fill(chunk),
            Self::Zstd(zstd) => read_into(zstd, chunk),
        }
    }
}

fn read_into(source: &mut impl Read, chunk: &mut Chunk) -> io::Result<()> {
    while !chunk.is_full() {
        match source.read(chunk.rest()) {
            Ok(0) => break,
            Ok(read) => chunk.grow(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_formats_by_their_first_bytes() {
        assert_eq!(Compression::of(&[0x1f, 0x8b, 8, 0]), Compression::Gzip);
        assert_eq!(Compression::of(&[0x28, 0xb5, 0x2f, 0xfd]), Compression::Zstd);
        assert_eq!(Compression::of(&[0x5f, 0x2a, 0x4d, 0x18]), Compression::Zstd);
        for plain in [&b""[..], b"ab", b"etc/", &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f]] {
            assert_eq!(Compression::of(plain), Compression::None, "{plain:?}");
        }
    }
}
