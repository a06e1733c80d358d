//! Owners of files in a container with a user namespace: the host sees the ids that the container's are mapped to, copies have the
//! container's own, as its layers do.

use std::fs;

use rustix::io::Errno;

use super::{CODE, denied};
use crate::error::{Context, Error, Result};
use crate::id_map::{IdMaps, IdRange, to_container, to_host};
use crate::layer::Metadata;
use crate::layer::read::Entry;
use crate::security::ids;

/// What the kernel shows for an id that is not mapped (`/proc/sys/kernel/overflowuid`).
const NOBODY: u32 = 65_534;

/// How a tree's owners are told and stored; by default as the host sees them.
#[derive(Debug, Clone, Default)]
pub(super) struct Owners {
    maps: Option<IdMaps>,
}

impl Owners {
    /// Those of a process' user namespace.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn of_process(pid: i32) -> Result<Self> {
        const STEP: &str = "look at the container's user namespace";
        let namespace = |of: &str| {
            let path = format!("/proc/{of}/ns/user");
            fs::read_link(&path).step_at(CODE, STEP, path)
        };
        if namespace(&pid.to_string())? == namespace("self")? {
            return Ok(Self::default());
        }
        let ranges = |file: &str| {
            let path = format!("/proc/{pid}/{file}");
            let text = fs::read_to_string(&path).step_at(CODE, STEP, &path)?;
            parse(&text).ok_or_else(|| Error::new(CODE, format!("{STEP}: it is malformed")).at(path))
        };
        Ok(Self { maps: Some(IdMaps { uids: ranges("uid_map")?, gids: ranges("gid_map")? }) })
    }

    /// Gives an entry that was found the container's ids.
    pub fn show(&self, entry: &mut Entry) {
        if let Some(maps) = &self.maps {
            entry.uid = to_container(&maps.uids, entry.uid).unwrap_or(NOBODY);
            entry.gid = to_container(&maps.gids, entry.gid).unwrap_or(NOBODY);
        }
    }

    /// The metadata of an entry with the ids that the host has to give to what is made.
    ///
    /// # Errors
    /// `ERR_RCX_COPY` when they are not mapped.
    pub fn store(&self, metadata: Metadata, path: &[u8]) -> Result<Metadata> {
        let Some(maps) = &self.maps else { return Ok(metadata) };
        let unmapped = |kind: &str, id: u32| {
            denied(format!("give to the {kind} {id}, which the container's user namespace does not have"))
                .at(String::from_utf8_lossy(path))
        };
        let uid = to_host(&maps.uids, metadata.uid).ok_or_else(|| unmapped("user", metadata.uid))?;
        let gid = to_host(&maps.gids, metadata.gid).ok_or_else(|| unmapped("group", metadata.gid))?;
        Ok(Metadata { uid, gid, ..metadata })
    }

    /// Runs what makes a file. The layer can store no ids but the container's: it is made as its root.
    pub fn making<T>(&self, make: impl FnOnce() -> rustix::io::Result<T>) -> std::result::Result<T, Errno> {
        match &self.maps {
            Some(maps) => {
                let (uid, gid) = maps.root();
                ids::creating_as(uid, gid, make)
            }
            None => make(),
        }
    }
}

fn parse(text: &str) -> Option<Vec<IdRange>> {
    text.lines()
        .map(|line| {
            let mut fields = line.split_whitespace().map(|field| field.parse::<u32>().ok());
            let (container, host, size) = (fields.next()??, fields.next()??, fields.next()??);
            Some(IdRange { container, host, size })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners() -> Owners {
        let maps = parse("         0     100000      65536\n     70000       5000          1\n");
        Owners { maps: maps.map(|ranges| IdMaps { uids: ranges.clone(), gids: ranges }) }
    }

    #[test]
    fn owners_are_stored_as_the_hosts_ids() {
        let metadata = |uid, gid| Metadata { uid, gid, ..Metadata::implied_directory() };
        let stored = owners().store(metadata(1000, 70_000), b"/file").unwrap();
        assert_eq!((stored.uid, stored.gid), (101_000, 5000));
        let error = owners().store(metadata(65_536, 0), b"/file").unwrap_err();
        assert!(error.step.contains("user 65536"), "{error:?}");
        let same = Owners::default().store(metadata(65_536, 0), b"/file").unwrap();
        assert_eq!(same.uid, 65_536);
    }

    #[test]
    fn a_process_of_this_namespace_has_no_maps() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(Owners::of_process(own).unwrap().maps.is_none());
    }

    #[test]
    fn a_map_is_read_whole_or_not_at_all() {
        assert_eq!(parse("0 1"), None);
        assert_eq!(parse("0 1 2\n").unwrap(), [IdRange { container: 0, host: 1, size: 2 }]);
    }
}
