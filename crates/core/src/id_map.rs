//! Mappings between the ids of a user namespace and those of the host, as `/proc/pid/uid_map` has them (user_namespaces(7)).

use oci_spec::runtime::{LinuxIdMapping, LinuxNamespaceType, Spec};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

const CODE: &str = "ERR_RCX_INVALID_SPEC";
/// As many lines as the kernel takes (user_namespaces(7), since Linux 4.15).
const MOST: usize = 340;

/// Consecutive ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdRange {
    /// First id inside the namespace.
    #[serde(rename = "containerID")]
    pub container: u32,
    /// First id of the host.
    #[serde(rename = "hostID")]
    pub host: u32,
    /// How many.
    pub size: u32,
}

/// The ids of one user namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdMaps {
    /// Of users.
    #[serde(rename = "uidMappings")]
    pub uids: Vec<IdRange>,
    /// Of groups.
    #[serde(rename = "gidMappings")]
    pub gids: Vec<IdRange>,
}

impl IdMaps {
    /// Those of a spec; `None` when it asks for no user namespace.
    ///
    /// # Errors
    /// `ERR_RCX_INVALID_SPEC` for mappings without a user namespace, a user namespace without mappings, and mappings that the
    /// kernel would refuse or that leave the container without a root.
    pub fn of(spec: &Spec) -> Result<Option<Self>> {
        let Some(linux) = spec.linux() else { return Ok(None) };
        let ranges =
            |list: &Option<Vec<LinuxIdMapping>>| list.iter().flatten().map(IdRange::from).collect::<Vec<_>>();
        let maps = Self { uids: ranges(linux.uid_mappings()), gids: ranges(linux.gid_mappings()) };
        let wanted = linux.namespaces().iter().flatten().any(|each| each.typ() == LinuxNamespaceType::User);
        match (wanted, maps.uids.is_empty() && maps.gids.is_empty()) {
            (false, true) => Ok(None),
            (false, false) => Err(Error::new(CODE, "map ids without a user namespace")),
            (true, _) => {
                check("linux.uidMappings", &maps.uids)?;
                check("linux.gidMappings", &maps.gids)?;
                Ok(Some(maps))
            }
        }
    }

    /// The host's ids of the container's root.
    pub fn root(&self) -> (u32, u32) {
        (to_host(&self.uids, 0).unwrap_or(u32::MAX), to_host(&self.gids, 0).unwrap_or(u32::MAX))
    }
}

impl From<&LinuxIdMapping> for IdRange {
    fn from(mapping: &LinuxIdMapping) -> Self {
        Self { container: mapping.container_id(), host: mapping.host_id(), size: mapping.size() }
    }
}

/// What the host calls an id of the container's; `None` when it is not mapped.
pub fn to_host(ranges: &[IdRange], id: u32) -> Option<u32> {
    ranges.iter().find_map(|range| {
        id.checked_sub(range.container)
            .filter(|offset| *offset < range.size)
            .map(|offset| range.host + offset)
    })
}

/// What a container calls an id of the host's; `None` when it is not mapped.
pub fn to_container(ranges: &[IdRange], id: u32) -> Option<u32> {
    ranges.iter().find_map(|range| {
        id.checked_sub(range.host)
            .filter(|offset| *offset < range.size)
            .map(|offset| range.container + offset)
    })
}

/// The content of `uid_map` or `gid_map`.
pub fn map_file(ranges: &[IdRange]) -> String {
    ranges.iter().map(|range| format!("{} {} {}\n", range.container, range.host, range.size)).collect()
}

fn check(name: &str, ranges: &[IdRange]) -> Result<()> {
    let refuse = |why: &str| Err(Error::new(CODE, format!("map ids ({name}): {why}")));
    if ranges.len() > MOST {
        return refuse("the kernel takes 340 ranges at the most");
    }
    let fits =
        |first: u32, size: u32| size > 0 && first.checked_add(size - 1).is_some_and(|last| last < u32::MAX);
    if !ranges.iter().all(|range| fits(range.container, range.size) && fits(range.host, range.size)) {
        return refuse("a range is empty, or goes beyond the last id, 4294967294");
    }
    let overlaps = |first: fn(&IdRange) -> u32| {
        let mut sorted: Vec<_> = ranges.iter().map(|range| (first(range), range.size)).collect();
        sorted.sort_unstable();
        sorted.windows(2).any(|pair| pair[1].0 - pair[0].0 < pair[0].1)
    };
    if overlaps(|range| range.container) || overlaps(|range| range.host) {
        return refuse("two ranges overlap");
    }
    if to_host(ranges, 0).is_none() {
        return refuse("the container's 0 has no id of the host: it would have no root");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(container: u32, host: u32, size: u32) -> IdRange {
        IdRange { container, host, size }
    }

    fn maps(linux: &str) -> Result<Option<IdMaps>> {
        let text = format!(r#"{{"ociVersion":"1.2.0","linux":{linux}}}"#);
        IdMaps::of(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn no_user_namespace_needs_no_mapping_and_takes_none() {
        assert_eq!(maps(r#"{"namespaces":[{"type":"mount"}]}"#).unwrap(), None);
        let mapping = r#"[{"containerID":0,"hostID":1000,"size":10}]"#;
        let error = maps(&format!(r#"{{"namespaces":[],"uidMappings":{mapping}}}"#)).unwrap_err();
        assert_eq!(error.code, CODE);
        let error = maps(r#"{"namespaces":[{"type":"user"}]}"#).unwrap_err();
        assert!(error.step.contains("no root"), "{error:?}");
    }

    #[test]
    fn ids_are_translated_both_ways() {
        let linux = r#"{"namespaces":[{"type":"user"}],
            "uidMappings":[{"containerID":0,"hostID":100000,"size":1000},{"containerID":1000,"hostID":5000,"size":1}],
            "gidMappings":[{"containerID":0,"hostID":200000,"size":10}]}"#;
        let maps = maps(linux).unwrap().unwrap();
        assert_eq!(maps.root(), (100_000, 200_000));
        assert_eq!(to_host(&maps.uids, 999), Some(100_999));
        assert_eq!(to_host(&maps.uids, 1000), Some(5000));
        assert_eq!(to_host(&maps.uids, 1001), None);
        assert_eq!(to_container(&maps.uids, 5000), Some(1000));
        assert_eq!(to_container(&maps.uids, 0), None);
        assert_eq!(map_file(&maps.uids), "0 100000 1000\n1000 5000 1\n");
    }

    #[test]
    fn what_the_kernel_would_refuse_is_refused_with_a_reason() {
        for (ranges, why) in [
            (vec![range(0, 100, 0)], "empty"),
            (vec![range(0, u32::MAX - 5, 10)], "last id"),
            (vec![range(0, 100, 10), range(5, 500, 10)], "overlap"),
            (vec![range(0, 100, 10), range(10, 105, 10)], "overlap"),
            (vec![range(1, 100, 10)], "no root"),
        ] {
            let error = check("uids", &ranges).unwrap_err();
            assert!(error.step.contains(why), "{error:?}");
        }
        check("uids", &[range(10, 110, 10), range(0, 100, 10)]).unwrap();
    }
}
