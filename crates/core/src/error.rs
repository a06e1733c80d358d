//! The one error type of the core: which step failed, on which object, with which errno, and what to do about it.

use std::borrow::Cow;
use std::fmt;

use rustix::io::Errno;

/// A failure that a person can act on. It crosses the Node bridge and the init socket as data, never as prose alone.
#[derive(Debug, Clone)]
pub struct Error {
    /// Stable machine-readable code, e.g. `ERR_RCX_MOUNT`. Never renamed once released.
    pub code: Cow<'static, str>,
    /// What was being done, in words: `mount the overlay`, `open the layer`.
    pub step: String,
    /// The object it was done to: a path, a cgroup, a program.
    pub path: Option<String>,
    /// The kernel's answer, where there was one.
    pub errno: Option<Errno>,
    /// What the reader can do about it.
    pub hint: Option<String>,
}

/// Shorthand used throughout the core.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without an errno: a value that rcx itself refuses.
    pub fn new(code: impl Into<Cow<'static, str>>, step: impl Into<String>) -> Self {
        Self { code: code.into(), step: step.into(), path: None, errno: None, hint: None }
    }

    /// An error that the kernel gave.
    pub fn os(code: impl Into<Cow<'static, str>>, step: impl Into<String>, errno: Errno) -> Self {
        Self { errno: Some(errno), ..Self::new(code, step) }
    }

    /// Names the object that the step was about.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The errno's symbolic name (`ENOENT`), or `None` where no system call was refused.
    pub fn errno_name(&self) -> Option<&'static str> {
        self.errno.map(errno_name)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.step)?;
        if let Some(path) = &self.path {
            write!(f, ": {path}")?;
        }
        if let Some(errno) = self.errno {
            let text = std::io::Error::from_raw_os_error(errno.raw_os_error()).to_string();
            // std appends " (os error N)"; the symbolic name says the same and can be searched for.
            let text = text.split(" (os error").next().unwrap_or(&text).to_lowercase();
            write!(f, ": {text} ({})", errno_name(errno))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Adds step and object to the result of a system call.
pub trait Context<T> {
    /// Turns an errno into an [`Error`] with code and step.
    fn step(self, code: &'static str, step: &str) -> Result<T>;
    /// The same with the object's path.
    fn step_at(self, code: &'static str, step: &str, path: impl fmt::Display) -> Result<T>;
}

impl<T> Context<T> for std::result::Result<T, Errno> {
    fn step(self, code: &'static str, step: &str) -> Result<T> {
        self.map_err(|e| Error::os(code, step, e))
    }

    fn step_at(self, code: &'static str, step: &str, path: impl fmt::Display) -> Result<T> {
        self.map_err(|e| Error::os(code, step, e).at(path.to_string()))
    }
}

impl<T> Context<T> for std::io::Result<T> {
    fn step(self, code: &'static str, step: &str) -> Result<T> {
        self.map_err(|e| from_io(code, step, &e))
    }

    fn step_at(self, code: &'static str, step: &str, path: impl fmt::Display) -> Result<T> {
        self.map_err(|e| from_io(code, step, &e).at(path.to_string()))
    }
}

fn from_io(code: &'static str, step: &str, e: &std::io::Error) -> Error {
    match e.raw_os_error() {
        Some(raw) => Error::os(code, step, Errno::from_raw_os_error(raw)),
        None => Error::new(code, format!("{step}: {e}")),
    }
}

macro_rules! errno_names {
    ($($ident:ident => $name:literal),+ $(,)?) => {
        /// The symbolic name of an errno, as `errno(3)` spells it; `EUNKNOWN` for one that rcx has no name for.
        pub fn errno_name(errno: Errno) -> &'static str {
            match errno {
                $(Errno::$ident => $name,)+
                _ => "EUNKNOWN",
            }
        }
    };
}

errno_names! {
    PERM => "EPERM", NOENT => "ENOENT", SRCH => "ESRCH", INTR => "EINTR", IO => "EIO", NXIO => "ENXIO",
    TOOBIG => "E2BIG", NOEXEC => "ENOEXEC", BADF => "EBADF", CHILD => "ECHILD", AGAIN => "EAGAIN",
    NOMEM => "ENOMEM", ACCESS => "EACCES", FAULT => "EFAULT", BUSY => "EBUSY", EXIST => "EEXIST",
    XDEV => "EXDEV", NODEV => "ENODEV", NOTDIR => "ENOTDIR", ISDIR => "EISDIR", INVAL => "EINVAL",
    NFILE => "ENFILE", MFILE => "EMFILE", NOTTY => "ENOTTY", TXTBSY => "ETXTBSY", FBIG => "EFBIG",
    NOSPC => "ENOSPC", SPIPE => "ESPIPE", ROFS => "EROFS", MLINK => "EMLINK", PIPE => "EPIPE",
    NAMETOOLONG => "ENAMETOOLONG", NOSYS => "ENOSYS", NOTEMPTY => "ENOTEMPTY", LOOP => "ELOOP",
    NODATA => "ENODATA", OVERFLOW => "EOVERFLOW", LIBBAD => "ELIBBAD", OPNOTSUPP => "EOPNOTSUPP",
    DQUOT => "EDQUOT", STALE => "ESTALE", USERS => "EUSERS", TIMEDOUT => "ETIMEDOUT", NOTCONN => "ENOTCONN",
    RANGE => "ERANGE", BADMSG => "EBADMSG", PROTO => "EPROTO", MSGSIZE => "EMSGSIZE", NOBUFS => "ENOBUFS",
    ADDRINUSE => "EADDRINUSE", ADDRNOTAVAIL => "EADDRNOTAVAIL", AFNOSUPPORT => "EAFNOSUPPORT",
    PROTONOSUPPORT => "EPROTONOSUPPORT", NETDOWN => "ENETDOWN", NETUNREACH => "ENETUNREACH",
    HOSTUNREACH => "EHOSTUNREACH", CONNREFUSED => "ECONNREFUSED", CONNRESET => "ECONNRESET",
}
