//! A path inside the container's root, resolved by the kernel below the root's descriptor and never as text.

use std::ffi::CString;

use crate::error::{Error, Result};

/// What stands at a target, and what is made there when nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory, made with mode 0755.
    Directory,
    /// An empty regular file, made with mode 0644.
    File,
}

/// A path below the container's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The path without its leading slash; `.` for the root itself.
    pub path: CString,
    /// Every ancestor below the root with its last component, outermost first; the path itself last.
    pub chain: Vec<(CString, CString)>,
    /// What to make when it is missing.
    pub kind: Kind,
    /// Whether symbolic links of the image may be followed (always below the root). Never for `/proc`, `/sys` and `/dev`:
    /// an image that makes those a link would choose where masks and procfs go (CVE-2019-19921).
    pub follow: bool,
}

impl Target {
    /// A target from an absolute container path. `.` and empty components are dropped; `..` is refused.
    pub fn new(path: &str, kind: Kind) -> Result<Self> {
        let refuse = |why: &str| {
            Error::new("ERR_RCX_INVALID_PATH", format!("use a path inside the container ({why})")).at(path)
        };
        if !path.starts_with('/') {
            return Err(refuse("it must be absolute"));
        }
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
        if names.contains(&"..") {
            return Err(refuse("it must not contain .."));
        }
        let mut chain = Vec::with_capacity(names.len());
        let mut prefix = String::new();
        for name in &names {
            if !prefix.is_empty() {
                prefix.push('/');
            }
            prefix.push_str(name);
            chain.push((cstring(&prefix)?, cstring(name)?));
        }
        let path = if names.is_empty() { cstring(".")? } else { cstring(&prefix)? };
        let first = names.first().copied().unwrap_or_default();
        Ok(Self { path, chain, kind, follow: !matches!(first, "proc" | "sys" | "dev") })
    }

    /// A directory target.
    pub fn dir(path: &str) -> Result<Self> {
        Self::new(path, Kind::Directory)
    }

    /// A file target.
    pub fn file(path: &str) -> Result<Self> {
        Self::new(path, Kind::File)
    }
}

/// A C string, or an error that names the text: a NUL byte would silently cut a path short.
pub fn cstring(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| {
        Error::new("ERR_RCX_INVALID_PATH", "use a text that contains a NUL byte")
            .at(text.replace('\0', "\\0"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_path_into_its_chain() {
        let target = Target::dir("/a//b/./c").unwrap();
        let chain: Vec<_> =
            target.chain.iter().map(|(p, n)| (p.to_str().unwrap(), n.to_str().unwrap())).collect();
        assert_eq!(chain, [("a", "a"), ("a/b", "b"), ("a/b/c", "c")]);
        assert!(target.follow);
    }

    #[test]
    fn never_follows_links_below_proc_sys_and_dev() {
        for path in ["/proc", "/proc/sys", "/sys/fs/cgroup", "/dev/pts"] {
            assert!(!Target::dir(path).unwrap().follow, "{path}");
        }
        assert!(Target::dir("/development").unwrap().follow);
    }

    #[test]
    fn refuses_relative_paths_dotdot_and_nul() {
        for path in ["a", "/a/../b", "/..", "/a\0b"] {
            assert_eq!(Target::dir(path).unwrap_err().code, "ERR_RCX_INVALID_PATH", "{path:?}");
        }
    }
}
