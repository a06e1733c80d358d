//! One limit as files of cgroup v2 and of v1.

use std::borrow::Cow;
use std::path::Path;

use rustix::io::Errno;

use super::{CODE, set};
use crate::error::{Error, Result};

/// A limit in both forms. A form without writes does not have the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// As v2 calls it; of v1 only `blkio` has another name.
    pub controller: Cow<'static, str>,
    /// Its name below `linux.resources` of the runtime-spec.
    pub name: Cow<'static, str>,
    /// Files of v2.
    pub unified: Vec<Write>,
    /// Files of v1.
    pub legacy: Vec<Write>,
    /// Every kernel with the controller has the files, and takes any value that the runtime-spec allows.
    pub certain: bool,
}

/// One value, and the files that can take it: it goes to the first that the kernel has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Names of files, each with the value in its own units.
    pub files: Vec<(Cow<'static, str>, String)>,
    /// Goes without saying where no such file is there.
    pub optional: bool,
}

impl Write {
    /// To one file.
    pub fn to(file: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        Self { files: vec![(file.into(), value.to_string())], optional: false }
    }

    /// To the second one where the first is not there.
    #[must_use]
    pub fn or(mut self, file: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        self.files.push((file.into(), value.to_string()));
        self
    }
}

impl Setting {
    /// A limit that every kernel with the controller has, in one file of each version.
    pub fn certain(controller: &'static str, name: &'static str, unified: Write, legacy: Write) -> Self {
        Self { certain: true, ..Self::new(controller, name, vec![unified], vec![legacy]) }
    }

    /// A limit that the kernel may not have, or not in this version of cgroups.
    pub fn new(
        controller: &'static str,
        name: &'static str,
        unified: Vec<Write>,
        legacy: Vec<Write>,
    ) -> Self {
        Self { controller: controller.into(), name: name.into(), unified, legacy, certain: false }
    }

    /// What v1 calls the controller.
    pub fn legacy_controller(&self) -> &str {
        if self.controller == "io" { "blkio" } else { &self.controller }
    }

    /// That it cannot be applied, and why.
    pub fn refused(&self, why: &str) -> Error {
        Error::new(CODE, format!("apply the limit {}: {why}", self.name))
    }

    /// Writes one of its values to a cgroup.
    ///
    /// # Errors
    /// `ERR_RCX_CGROUP` where the kernel has none of the files, unless the value is optional and not `strict`ly wanted, and where
    /// it does not take the value.
    pub fn write(&self, dir: &Path, write: &Write, strict: bool) -> Result<()> {
        for (file, value) in &write.files {
            match set(dir, file, value) {
                Err(error) if error.errno == Some(Errno::NOENT) && dir.exists() => {}
                Err(error) => return Err(hint(error, file)),
                Ok(()) => return Ok(()),
            }
        }
        if write.optional && !strict {
            return Ok(());
        }
        let names: Vec<&str> = write.files.iter().map(|(file, _)| file.as_ref()).collect();
        let hint = match self.name.as_ref() {
            "memory.swap" => "add swapaccount=1 to the kernel's command line, or run without the limit",
            "blockIO.weight" | "blockIO.weightDevice" => {
                "the kernel needs CONFIG_BFQ_GROUP_IOSCHED with the module bfq loaded, or CONFIG_BLK_CGROUP_IOCOST"
            }
            _ => "use a kernel that has it, or run without the limit",
        };
        Err(self.refused(&format!("this kernel has no {}", names.join(" or "))).hint(hint))
    }
}

/// What the kernel's answer means for this kind of file.
fn hint(error: Error, file: &str) -> Error {
    let hint = match error.errno {
        Some(Errno::NODEV | Errno::NXIO) if file.contains("io") => {
            "limits of disks are for whole block devices, not for partitions"
        }
        Some(Errno::OPNOTSUPP) if file.contains("weight") => {
            "the disk needs a scheduler that knows weights: echo bfq > /sys/block/DEVICE/queue/scheduler"
        }
        Some(Errno::INVAL) if file.starts_with("cpu.rt_") => {
            "the cgroups above have no such time to give, see cpu.rt_runtime_us there"
        }
        Some(Errno::BUSY) if file.starts_with("memory.") => {
            "the container uses more, and the kernel cannot take it back"
        }
        _ => return error,
    };
    error.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_to_the_first_file_that_is_there() {
        let dir = std::env::temp_dir().join(format!("rcx-setting-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("second"), "").unwrap();
        let write = Write::to("first", 1).or("second", 2);
        let setting = Setting::new("io", "blockIO.weight", vec![], vec![]);
        setting.write(&dir, &write, false).unwrap();
        assert_eq!(std::fs::read_to_string(dir.join("second")).unwrap(), "2");
        // Where there is none, none is made.
        let error = setting.write(&dir, &Write::to("other", 1), false).unwrap_err();
        assert!(error.step.contains("this kernel has no other"), "{error}");
        assert!(!dir.join("other").exists());
        let optional = Write { optional: true, ..Write::to("other", 1) };
        setting.write(&dir, &optional, false).unwrap();
        setting.write(&dir, &optional, true).unwrap_err();
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
