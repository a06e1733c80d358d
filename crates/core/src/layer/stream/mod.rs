//! A layer's archive on its way from the registry to the extractor: inflated on one thread, hashed on another, so that
//! whoever parses it waits for neither. The bytes are hostile; what they mean is not decided here.

mod chunk;
mod codec;
mod flow;
mod gzip;
mod inlet;
mod unread;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sha2::digest::DynDigest;

pub use self::codec::Compression;
use self::codec::Decoder;
use self::flow::{Flow, Shared};
pub use self::inlet::Inlet;
use self::inlet::Outlet;
use super::INVALID;
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_LAYER_READ";
const ABORTED: &str = "ERR_RCX_ABORTED";

/// What an uncompressed archive is hashed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    fn hasher(self) -> Box<dyn DynDigest + Send> {
        match self {
            Self::Sha256 => Box::new(sha2::Sha256::default()),
            Self::Sha512 => Box::new(sha2::Sha512::default()),
        }
    }
}

/// What a read came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing came in time; more may.
    Nothing,
    /// The archive has ended.
    End,
}

/// The uncompressed archive, for one reader.
#[derive(Debug)]
pub struct LayerStream {
    inlet: Arc<Inlet>,
    flow: Arc<Flow>,
    current: Option<Shared>,
    at: usize,
    hash: Option<JoinHandle<Vec<u8>>>,
}

impl LayerStream {
    /// Starts the threads that inflate and hash what `inlet` gets. They end with the archive, with an error, or when the
    /// stream is dropped.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ` when no thread can be started.
    pub fn start(inlet: Arc<Inlet>, algorithm: Algorithm) -> Result<Self> {
        let flow = Arc::new(Flow::default());
        let (to_hash, chunks) = sync_channel(flow::DEPTH);
        let hash = thread::Builder::new()
            .name("rcx-hash".to_owned())
            .spawn(move || hash(algorithm, &chunks))
            .step(CODE, "start a thread that hashes a layer")?;
        let stream = Self { inlet, flow, current: None, at: 0, hash: Some(hash) };
        let (inlet, flow) = (Arc::clone(&stream.inlet), Arc::clone(&stream.flow));
        thread::Builder::new()
            .name("rcx-inflate".to_owned())
            .spawn(move || {
                let outcome = inflate(&inlet, &flow, &to_hash);
                drop(to_hash);
                flow.end(outcome);
            })
            .step(CODE, "start a thread that inflates a layer")?;
        Ok(stream)
    }

    /// Copies the next bytes of the archive, waiting for them for at most `patience`.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID` for damaged data, `ERR_RCX_LAYER_READ` for a blob that cannot be read, `ERR_RCX_ABORTED` after
    /// [`Inlet::cancel`].
    pub fn read(&mut self, into: &mut [u8], patience: Duration) -> Result<Taken> {
        let chunk = match self.current.take() {
            Some(chunk) => chunk,
            None => match self.flow.take(patience)? {
                flow::Next::Chunk(chunk) => chunk,
                flow::Next::Nothing => return Ok(Taken::Nothing),
                flow::Next::End => return Ok(Taken::End),
            },
        };
        let rest = &chunk.content()[self.at..];
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        if length < rest.len() {
            self.at += length;
            self.current = Some(chunk);
        } else {
            self.at = 0;
            self.flow.give_back(chunk);
        }
        Ok(Taken::Bytes(length))
    }

    /// Bytes of the compressed blob that were taken so far.
    pub fn consumed(&self) -> u64 {
        self.inlet.consumed()
    }

    /// The hash of the whole archive, once its end was read; lower-case hexadecimal.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ` when it is asked for too early or a second time.
    pub fn digest(&mut self) -> Result<String> {
        let hash = self.hash.take().filter(|_| self.flow.has_ended());
        let bytes = hash.and_then(|hash| hash.join().ok()).ok_or_else(|| {
            Error::new(CODE, "hash a layer: its end was not read, or its hash was taken before")
        })?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Drop for LayerStream {
    fn drop(&mut self) {
        self.inlet.cancel();
        self.flow.close();
    }
}

fn hash(algorithm: Algorithm, chunks: &Receiver<Shared>) -> Vec<u8> {
    let mut hasher = algorithm.hasher();
    for chunk in chunks {
        hasher.update(chunk.content());
    }
    hasher.finalize().into_vec()
}

fn inflate(inlet: &Arc<Inlet>, flow: &Flow, to_hash: &SyncSender<Shared>) -> Result<()> {
    let mut decoder = Decoder::new(Outlet::new(Arc::clone(inlet)))
        .map_err(|error| explain(&error, inlet, Compression::None))?;
    loop {
        let mut chunk = flow.spare();
        decoder.fill(&mut chunk).map_err(|error| explain(&error, inlet, decoder.compression()))?;
        if chunk.content().is_empty() {
            return Ok(());
        }
        let chunk = Arc::new(chunk);
        // The hashing thread ends only with this sender.
        let hashed = to_hash.send(Arc::clone(&chunk)).is_ok();
        if !flow.put(chunk) || !hashed {
            return Err(cancelled());
        }
    }
}

fn explain(error: &io::Error, inlet: &Inlet, compression: Compression) -> Error {
    if inlet.is_cancelled() {
        return cancelled();
    }
    match error.raw_os_error() {
        Some(raw) => Error::os(CODE, "read the layer's blob", rustix::io::Errno::from_raw_os_error(raw)),
        None => Error::new(INVALID, format!("its {} data is damaged: {error}", compression.name())),
    }
}

fn cancelled() -> Error {
    Error::new(ABORTED, "unpack layer: cancelled")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A gzip file of one member.
    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut crc = crc32fast::Hasher::new();
        crc.update(content);
        let zlib = fdeflate::compress_to_vec(content);
        let deflated = &zlib[2..zlib.len() - 4];
        let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        let length = (content.len() as u32).to_le_bytes();
        [&header[..], deflated, &crc.finalize().to_le_bytes(), &length].concat()
    }

    fn content() -> Vec<u8> {
        (0..1_500_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect()
    }

    /// A stream of a blob that arrives in pieces of 60 000 bytes.
    fn stream(blob: &[u8]) -> LayerStream {
        let inlet = Arc::new(Inlet::new("/nonexistent".into(), blob.len() as u64));
        for piece in blob.chunks(60_000) {
            inlet.push(piece);
        }
        LayerStream::start(inlet, Algorithm::Sha256).unwrap()
    }

    fn read_all(stream: &mut LayerStream) -> Result<Vec<u8>> {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 100_000]);
        loop {
            match stream.read(&mut buffer, PATIENCE)? {
                Taken::Bytes(length) => all.extend_from_slice(&buffer[..length]),
                Taken::End => return Ok(all),
                Taken::Nothing => panic!("nothing came"),
            }
        }
    }

    #[test]
    fn inflates_and_hashes() {
        let content = content();
        for blob in
            [content[..5_000_000].to_vec(), gzip(&content), zstd::encode_all(&content[..], 1).unwrap()]
        {
            let mut stream = stream(&blob);
            let all = read_all(&mut stream).unwrap();
            assert!(content.starts_with(&all) && all.len() >= 5_000_000);
            let mut hasher = Algorithm::Sha256.hasher();
            hasher.update(&all);
            let expected: String = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(stream.digest().unwrap(), expected);
            assert_eq!(stream.consumed(), blob.len() as u64);
            assert!(stream.digest().is_err());
        }
    }

    #[test]
    fn damage_is_an_error_after_what_came_before() {
        let whole = gzip(&content());
        let mut flipped = whole.clone();
        flipped[40_000] ^= 0xff;
        for blob in [&whole[..whole.len() - 9], &flipped, &whole[..12]] {
            let error = read_all(&mut stream(blob)).unwrap_err();
            assert_eq!(error.code, INVALID);
            assert!(error.step.starts_with("its gzip data is damaged: "), "{}", error.step);
        }
    }

    #[test]
    fn a_file_that_was_cut_short_is_told_from_one_that_was_changed() {
        let whole = gzip(&content());
        for length in [12, whole.len() / 2, whole.len() - 20] {
            let error = read_all(&mut stream(&whole[..length])).unwrap_err();
            assert_eq!(error.step, "its gzip data is damaged: it ends too early", "{length}");
        }
    }

    #[test]
    fn a_reader_that_comes_too_early_gets_nothing_yet() {
        let inlet = Arc::new(Inlet::new("/nonexistent".into(), 4));
        let mut stream = LayerStream::start(Arc::clone(&inlet), Algorithm::Sha256).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(stream.read(&mut buffer, Duration::from_millis(5)).unwrap(), Taken::Nothing);
        assert!(stream.digest().is_err());
        inlet.push(b"data");
        assert_eq!(stream.read(&mut buffer, PATIENCE).unwrap(), Taken::Bytes(4));
    }

    #[test]
    fn cancelling_ends_a_read() {
        let inlet = Arc::new(Inlet::new("/nonexistent".into(), 4));
        let mut stream = LayerStream::start(Arc::clone(&inlet), Algorithm::Sha256).unwrap();
        inlet.cancel();
        assert_eq!(stream.read(&mut [0; 8], PATIENCE).unwrap_err().code, ABORTED);
    }

    #[test]
    fn a_blob_that_is_not_there_is_an_error_with_its_reason() {
        let inlet = Arc::new(Inlet::new("/nonexistent".into(), 4));
        inlet.stored();
        let mut stream = LayerStream::start(inlet, Algorithm::Sha512).unwrap();
        let error = stream.read(&mut [0; 8], PATIENCE).unwrap_err();
        assert_eq!((&*error.code, error.errno), (CODE, Some(rustix::io::Errno::NOENT)));
    }
}
