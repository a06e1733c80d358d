//! Errors cross into JavaScript as data: an `Error` object with `code`, `step`, `path`, `errno` and `hint`.

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, JsValue};
use rcx_core::Error;

/// Makes the JavaScript error object for a core error. `errno` is the symbolic name (`ENOENT`).
pub fn to_js(env: &Env, error: &Error) -> napi::Error {
    build(env, error).map_or_else(|e| e, |object| napi::Error::from(object.to_unknown()))
}

fn build<'env>(env: &'env Env, error: &Error) -> napi::Result<Object<'env>> {
    let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
    set(&mut object, "code", Some(&error.code))?;
    set(&mut object, "step", Some(&error.step))?;
    set(&mut object, "path", error.path.as_deref())?;
    set(&mut object, "errno", error.errno_name())?;
    set(&mut object, "hint", error.hint.as_deref())?;
    Ok(object)
}

fn set(object: &mut Object<'_>, name: &str, value: Option<&str>) -> napi::Result<()> {
    match value {
        Some(text) => object.set_named_property(name, text),
        None => Ok(()),
    }
}
