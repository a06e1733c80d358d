//! Options of a runtime-spec mount, as mount(8) spells them: attributes, propagation, and the filesystem's own parameters.

use rustix::mount::{MountAttrFlags, MountPropagationFlags};

use super::op::Param;
use super::target::cstring;
use crate::error::Result;
use crate::sys::MountAttr;

/// A mount's options, sorted by who acts on them.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// `MOUNT_ATTR_*` to set.
    pub set: MountAttrFlags,
    /// `MOUNT_ATTR_*` to clear.
    pub clear: MountAttrFlags,
    /// Propagation asked for, if any.
    pub propagation: Option<MountPropagationFlags>,
    /// A bind mount.
    pub bind: bool,
    /// With everything mounted below the source.
    pub recursive: bool,
    /// The owners of a bind are shifted by the container's mappings (the runtime-spec's `idmap` and `ridmap`).
    pub idmap: Option<Idmap>,
    /// What the filesystem itself is told.
    pub params: Vec<Param>,
}

/// How much of a bind is shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idmap {
    /// The mount itself.
    Mount,
    /// And everything mounted below it.
    Tree,
}

impl Options {
    /// Parses the list; an option that nobody here knows belongs to the filesystem, which refuses what it does not know.
    pub fn parse(options: &[String]) -> Result<Self> {
        let none = MountAttrFlags::empty();
        let mut parsed = Self {
            set: none,
            clear: none,
            propagation: None,
            bind: false,
            recursive: false,
            idmap: None,
            params: Vec::new(),
        };
        for option in options {
            if !parsed.attribute(option) && !parsed.propagation(option) && !parsed.kind(option) {
                let (key, value) = match option.split_once('=') {
                    Some((key, value)) => (key, Some(cstring(value)?)),
                    None => (option.as_str(), None),
                };
                parsed.params.push(Param { key: cstring(key)?, value });
            }
        }
        Ok(parsed)
    }

    fn attribute(&mut self, option: &str) -> bool {
        use MountAttrFlags as A;
        // The time options share a field of three values: each is set by clearing the whole field first.
        let (set, clear) = match option {
            "ro" => (A::MOUNT_ATTR_RDONLY, A::empty()),
            "rw" => (A::empty(), A::MOUNT_ATTR_RDONLY),
            "nosuid" => (A::MOUNT_ATTR_NOSUID, A::empty()),
            "suid" => (A::empty(), A::MOUNT_ATTR_NOSUID),
            "nodev" => (A::MOUNT_ATTR_NODEV, A::empty()),
            "dev" => (A::empty(), A::MOUNT_ATTR_NODEV),
            "noexec" => (A::MOUNT_ATTR_NOEXEC, A::empty()),
            "exec" => (A::empty(), A::MOUNT_ATTR_NOEXEC),
            "nodiratime" => (A::MOUNT_ATTR_NODIRATIME, A::empty()),
            "diratime" => (A::empty(), A::MOUNT_ATTR_NODIRATIME),
            "nosymfollow" => (A::MOUNT_ATTR_NOSYMFOLLOW, A::empty()),
            "relatime" | "atime" => (A::empty(), A::MOUNT_ATTR__ATIME),
            "noatime" => (A::MOUNT_ATTR_NOATIME, A::MOUNT_ATTR__ATIME),
            "strictatime" => (A::MOUNT_ATTR_STRICTATIME, A::MOUNT_ATTR__ATIME),
            "defaults" | "async" => (A::empty(), A::empty()),
            _ => return false,
        };
        self.set = (self.set & !clear) | set;
        self.clear = (self.clear & !set) | clear;
        true
    }

    fn propagation(&mut self, option: &str) -> bool {
        let flags = match option.trim_start_matches('r') {
            "private" => MountPropagationFlags::PRIVATE,
            "slave" => MountPropagationFlags::DOWNSTREAM,
            "shared" => MountPropagationFlags::SHARED,
            "unbindable" => MountPropagationFlags::UNBINDABLE,
            _ => return false,
        };
        self.propagation = Some(flags);
        true
    }

    fn kind(&mut self, option: &str) -> bool {
        match option {
            // Without what is mounted below the source.
            "bind" => self.bind = true,
            "rbind" => (self.bind, self.recursive) = (true, true),
            "idmap" => self.idmap = Some(Idmap::Mount),
            "ridmap" => self.idmap = Some(Idmap::Tree),
            // Read-only is recursive, too, unless the mount is said to be flat: half of a tree left writable surprises everybody.
            "rro" => self.set |= MountAttrFlags::MOUNT_ATTR_RDONLY,
            "z" | "Z" => {}
            _ => return false,
        }
        true
    }

    /// The argument of `mount_setattr(2)` for a bind: private unless asked otherwise, so that nothing mounted on either side
    /// is seen on the other.
    pub fn for_bind(&self) -> MountAttr {
        MountAttr {
            attr_set: u64::from(self.set.bits()),
            attr_clr: u64::from(self.clear.bits()),
            propagation: u64::from(self.propagation.unwrap_or(MountPropagationFlags::PRIVATE).bits()),
            userns_fd: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> Options {
        Options::parse(&options.iter().map(|o| (*o).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn sorts_attributes_parameters_and_kind() {
        let options = parse(&["nosuid", "mode=755", "size=64k", "noexec"]);
        assert_eq!(options.set, MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC);
        assert_eq!(options.params.len(), 2);
        assert!(!options.bind);
    }

    #[test]
    fn the_last_of_two_opposites_wins() {
        assert_eq!(parse(&["ro", "rw"]).set, MountAttrFlags::empty());
        assert_eq!(parse(&["rw", "ro"]).set, MountAttrFlags::MOUNT_ATTR_RDONLY);
    }

    #[test]
    fn a_bind_is_private_unless_asked_otherwise() {
        let private = u64::from(MountPropagationFlags::PRIVATE.bits());
        assert_eq!(parse(&["rbind"]).for_bind().propagation, private);
        let slave = u64::from(MountPropagationFlags::DOWNSTREAM.bits());
        assert_eq!(parse(&["rbind", "rslave"]).for_bind().propagation, slave);
        let shared = u64::from(MountPropagationFlags::SHARED.bits());
        assert_eq!(parse(&["bind", "rshared"]).for_bind().propagation, shared);
        assert_eq!(parse(&["bind", "shared"]).for_bind().propagation, shared);
    }
}
