//! The version of the kernel, where nothing but the version says what it can do.

/// Major and minor number: `4.8` of a profile, `6.1.0-25-amd64` of a kernel.
pub fn version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.split_once('.')?;
    let minor = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// That of the running kernel; `None` when its release begins with no version.
pub fn running() -> Option<(u32, u32)> {
    version(&rustix::system::uname().release().to_string_lossy())
}

/// Whether the running kernel is known to be older.
pub fn is_before(wanted: (u32, u32)) -> bool {
    running().is_some_and(|ours| ours < wanted)
}
