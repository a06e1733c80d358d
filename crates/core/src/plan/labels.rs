//! SELinux labels of what is mounted (`linux.mountLabel` of the runtime-spec; `context` and `rootcontext` in mount(8)).

use std::ffi::CString;

use super::op::Param;
use super::target::cstring;
use crate::error::Result;

/// The parameter that labels everything in a new filesystem; none for those whose labels the policy has, as `/proc` and `/sys`.
pub fn params(label: Option<&CString>, fs: &str) -> Result<Vec<Param>> {
    let key = match fs {
        "tmpfs" | "ramfs" | "devpts" | "overlay" => "context",
        _ => return Ok(Vec::new()),
    };
    let param = |label: &CString| Ok(Param { key: cstring(key)?, value: Some(label.clone()) });
    label.map(param).transpose().map(|param| param.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filesystems_that_have_labels_of_their_own_get_none() {
        let label = c"system_u:object_r:container_file_t:s0:c1,c2".to_owned();
        let keys = |fs: &str| -> Vec<CString> {
            params(Some(&label), fs).unwrap().into_iter().map(|param| param.key).collect()
        };
        assert_eq!(keys("tmpfs"), [c"context".to_owned()]);
        assert_eq!(keys("devpts"), [c"context".to_owned()]);
        for fs in ["proc", "sysfs", "cgroup2", "mqueue"] {
            assert!(keys(fs).is_empty(), "{fs}");
        }
        assert!(params(None, "tmpfs").unwrap().is_empty());
    }
}
