//! Layer streams for JavaScript: fed on the thread that downloads, read on the thread that unpacks.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use napi::bindgen_prelude::Result;
use napi::{Env, Error, Status};
use napi_derive::napi;
use rcx_core::layer::stream::{Algorithm, Inlet, LayerStream as Core, Taken};

use crate::error::to_js;

type Feeds = HashMap<u32, Weak<Inlet>>;

/// A JavaScript object belongs to one thread; what another thread is given is the number of a feed.
static FEEDS: Mutex<Option<Feeds>> = Mutex::new(None);
static NEXT: AtomicU32 = AtomicU32::new(1);

fn with_feeds<T>(use_them: impl FnOnce(&mut Feeds) -> T) -> T {
    let mut feeds: MutexGuard<'_, Option<Feeds>> = FEEDS.lock().unwrap_or_else(PoisonError::into_inner);
    use_them(feeds.get_or_insert_with(HashMap::new))
}

/// A compressed layer that is being downloaded, or is in a file already.
#[napi]
pub struct LayerFeed {
    id: u32,
    inlet: Arc<Inlet>,
}

#[napi]
impl LayerFeed {
    /// A layer of `size` compressed bytes; `path` is the file that they are, or are going to be, in.
    #[napi(factory)]
    pub fn open(path: String, size: i64) -> Self {
        let inlet = Arc::new(Inlet::new(PathBuf::from(path), size.unsigned_abs()));
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        with_feeds(|feeds| feeds.insert(id, Arc::downgrade(&inlet)));
        Self { id, inlet }
    }

    /// What another thread attaches a stream by.
    #[napi(getter)]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The next piece has arrived, and was written to the file.
    #[napi]
    pub fn push(&self, piece: &[u8]) {
        self.inlet.push(piece);
    }

    /// All of it is in the file.
    #[napi]
    pub fn stored(&self) {
        self.inlet.stored();
    }

    /// The rest will not come: the stream fails with `ERR_RCX_ABORTED`.
    #[napi]
    pub fn cancel(&self) {
        self.inlet.cancel();
    }
}

impl Drop for LayerFeed {
    fn drop(&mut self) {
        with_feeds(|feeds| feeds.remove(&self.id));
    }
}

/// The uncompressed archive of a feed. Inflating and hashing run on threads of their own.
#[napi]
pub struct LayerStream {
    inner: Option<Core>,
}

#[napi]
impl LayerStream {
    /// Starts to inflate what the feed of that id gets.
    #[napi(factory)]
    pub fn attach(
        env: Env,
        id: u32,
        #[napi(ts_arg_type = "'sha256' | 'sha512'")] algorithm: String,
    ) -> Result<Self> {
        let algorithm = match algorithm.as_str() {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(Error::new(Status::InvalidArg, format!("{other} is no hash algorithm"))),
        };
        let inlet = with_feeds(|feeds| feeds.get(&id).and_then(Weak::upgrade))
            .ok_or_else(|| Error::new(Status::InvalidArg, format!("there is no layer feed {id}")))?;
        let inner = Core::start(inlet, algorithm).map_err(|e| to_js(&env, &e))?;
        Ok(Self { inner: Some(inner) })
    }

    /// Copies the next bytes of the archive into `buffer`, blocking for at most `patience` milliseconds. Returns how many
    /// there were, 0 at the end, and -1 when none came in time.
    #[napi]
    pub fn read(
        &mut self,
        env: Env,
        mut buffer: napi::bindgen_prelude::BufferSlice<'_>,
        patience: u32,
    ) -> Result<i32> {
        let taken = self
            .stream()?
            .read(&mut buffer, Duration::from_millis(patience.into()))
            .map_err(|e| to_js(&env, &e))?;
        Ok(match taken {
            Taken::Bytes(length) => i32::try_from(length).unwrap_or(i32::MAX),
            Taken::End => 0,
            Taken::Nothing => -1,
        })
    }

    /// Compressed bytes taken so far.
    #[napi(getter)]
    pub fn consumed(&mut self) -> Result<i64> {
        Ok(i64::try_from(self.stream()?.consumed()).unwrap_or(i64::MAX))
    }

    /// Hash of the whole archive in hexadecimal, once, after its end was read.
    #[napi]
    pub fn digest(&mut self, env: Env) -> Result<String> {
        self.stream()?.digest().map_err(|e| to_js(&env, &e))
    }

    /// Ends the threads.
    #[napi]
    pub fn close(&mut self) {
        self.inner = None;
    }

    fn stream(&mut self) -> Result<&mut Core> {
        self.inner.as_mut().ok_or_else(|| Error::from_reason("the layer stream is closed"))
    }
}
