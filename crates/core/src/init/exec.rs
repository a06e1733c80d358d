//! Running the user's program: looked up in the container's own PATH, with the shell's exit codes for its failures.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;

use crate::error::{Error, Result};

/// Not found: exit code 127.
pub const NOT_FOUND: &str = "ERR_RCX_EXEC_NOT_FOUND";
/// Found and not executable: exit code 126.
pub const NOT_EXECUTABLE: &str = "ERR_RCX_EXEC_NOT_EXECUTABLE";

/// A program with its C strings, ready for `execve`.
#[derive(Debug)]
pub struct Program {
    name: String,
    candidates: Vec<CString>,
    args: Vec<CString>,
    env: Vec<CString>,
}

impl Program {
    /// Prepares everything that can be prepared before privileges are dropped.
    pub fn new(args: &[String], env: &[String]) -> Result<Self> {
        let Some(name) = args.first().filter(|name| !name.is_empty()) else {
            return Err(Error::new(
                NOT_FOUND,
                "run the container's program: no command was given and the image has none",
            ));
        };
        let strings = |list: &[String]| -> Result<Vec<CString>> {
            list.iter().map(|text| crate::plan::target::cstring(text)).collect()
        };
        Ok(Self {
            name: name.clone(),
            candidates: candidates(name, env)?,
            args: strings(args)?,
            env: strings(env)?,
        })
    }

    /// Replaces the calling process; returns only the reason why it could not, the most telling of all candidates.
    pub fn exec(&self) -> Error {
        let pointers = |list: &[CString]| -> Vec<*const libc::c_char> {
            list.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
        };
        let (args, env) = (pointers(&self.args), pointers(&self.env));
        let mut worst = Errno::NOENT;
        for candidate in &self.candidates {
            // SAFETY: all three are valid C strings and null-terminated arrays of them.
            unsafe { libc::execve(candidate.as_ptr(), args.as_ptr(), env.as_ptr()) };
            let errno =
                std::io::Error::last_os_error().raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error);
            match errno {
                Errno::NOENT | Errno::NOTDIR => {}
                // A later directory of PATH may have one that can be executed, as in execvp(3).
                Errno::ACCESS => worst = errno,
                other => return self.failure(other),
            }
        }
        self.failure(worst)
    }

    fn failure(&self, errno: Errno) -> Error {
        let step = "execute the container's program";
        match errno {
            Errno::NOENT if !self.name.contains('/') => Error::new(NOT_FOUND, step)
                .at(format!("{}: not found in the container's $PATH", self.name))
                .hint("check the spelling, or give an absolute path that the image has"),
            Errno::NOENT if self.candidates.iter().any(exists) => Error::os(NOT_FOUND, step, errno)
                .at(self.name.clone())
                .hint("the file is there, but its interpreter or dynamic loader is not in the image"),
            Errno::NOENT | Errno::NOTDIR => {
                Error::os(NOT_FOUND, step, errno).at(self.name.clone()).hint("the image has no such file")
            }
            Errno::NOEXEC => Error::os(NOT_EXECUTABLE, step, errno)
                .at(self.name.clone())
                .hint("built for another architecture, or a script without a #! line"),
            _ => Error::os(NOT_EXECUTABLE, step, errno)
                .at(self.name.clone())
                .hint("is it executable for the container's user?"),
        }
    }
}

fn exists(path: &CString) -> bool {
    Path::new(std::ffi::OsStr::from_bytes(path.as_bytes())).exists()
}

/// The paths to try, as execvp(3): the name itself when it has a slash, else every directory of PATH.
fn candidates(name: &str, env: &[String]) -> Result<Vec<CString>> {
    use crate::plan::target::cstring;
    if name.contains('/') {
        return Ok(vec![cstring(name)?]);
    }
    let path = env.iter().rev().find_map(|pair| pair.strip_prefix("PATH=")).unwrap_or_default();
    path.split(':')
        .map(|dir| {
            cstring(&if dir.is_empty() {
                format!("./{name}")
            } else {
                format!("{}/{name}", dir.trim_end_matches('/'))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_path_of_the_environment_counts() {
        let env = ["PATH=/a".to_owned(), "PATH=/b/:/c".to_owned()];
        let paths = candidates("x", &env).unwrap();
        assert_eq!(paths, [c"/b/x".to_owned(), c"/c/x".to_owned()]);
    }

    #[test]
    fn no_command_is_not_found() {
        assert_eq!(Program::new(&[], &[]).unwrap_err().code, NOT_FOUND);
        assert_eq!(Program::new(&[String::new()], &[]).unwrap_err().code, NOT_FOUND);
    }
}
