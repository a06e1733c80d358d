//! Compression for JavaScript, on the threads that libuv has for it.

use napi::bindgen_prelude::{AsyncTask, Buffer, Result};
use napi::{Env, Task};
use napi_derive::napi;
use rcx_core::layer::gzip_member;

/// A block on its way to be compressed.
pub struct GzipMember(Buffer);

impl Task for GzipMember {
    type Output = Vec<u8>;
    type JsValue = Buffer;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(gzip_member(&self.0))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> Result<Self::JsValue> {
        Ok(output.into())
    }
}

/// Compresses a block, which must not change meanwhile, to a whole member of a gzip file (RFC 1952 §2.3).
#[napi(ts_return_type = "Promise<Buffer>")]
pub fn gzip_member_of(block: Buffer) -> AsyncTask<GzipMember> {
    AsyncTask::new(GzipMember(block))
}
