//! Conventions for system calls: one processor may take several, each with numbers of its own.

/// A convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// x86-64.
    X86_64,
    /// i386, on x86-64.
    X86,
    /// x86-64 with short pointers: its calls differ by a bit of their number only.
    X32,
    /// arm64.
    Aarch64,
    /// 32-bit arm, on arm64.
    Arm,
}

/// Marks the numbers of x32 (asm/unistd.h).
pub const X32_BIT: u32 = 0x4000_0000;

/// Those of other processors, as profiles name them: their calls cannot be made on this one.
const FOREIGN: [&str; 17] = [
    "SCMP_ARCH_MIPS",
    "SCMP_ARCH_MIPS64",
    "SCMP_ARCH_MIPS64N32",
    "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32",
    "SCMP_ARCH_PPC",
    "SCMP_ARCH_PPC64",
    "SCMP_ARCH_PPC64LE",
    "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",
    "SCMP_ARCH_PARISC",
    "SCMP_ARCH_PARISC64",
    "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",
    "SCMP_ARCH_SH",
];

impl Arch {
    /// That of this build.
    #[cfg(target_arch = "x86_64")]
    pub const NATIVE: Self = Self::X86_64;
    /// That of this build.
    #[cfg(target_arch = "aarch64")]
    pub const NATIVE: Self = Self::Aarch64;

    /// By libseccomp's name; `Ok(None)` for one of another processor, `Err` for what is none.
    pub fn parse(name: &str, native: Self) -> Result<Option<Self>, ()> {
        let found = match name {
            "SCMP_ARCH_NATIVE" => native,
            "SCMP_ARCH_X86_64" => Self::X86_64,
            "SCMP_ARCH_X86" => Self::X86,
            "SCMP_ARCH_X32" => Self::X32,
            "SCMP_ARCH_AARCH64" => Self::Aarch64,
            "SCMP_ARCH_ARM" => Self::Arm,
            foreign if FOREIGN.contains(&foreign) => return Ok(None),
            _ => return Err(()),
        };
        Ok(found.runs_on(native).then_some(found))
    }

    fn runs_on(self, native: Self) -> bool {
        match native {
            Self::Aarch64 | Self::Arm => matches!(self, Self::Aarch64 | Self::Arm),
            _ => matches!(self, Self::X86_64 | Self::X86 | Self::X32),
        }
    }

    /// The name in `archMap`.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "SCMP_ARCH_X86_64",
            Self::X86 => "SCMP_ARCH_X86",
            Self::X32 => "SCMP_ARCH_X32",
            Self::Aarch64 => "SCMP_ARCH_AARCH64",
            Self::Arm => "SCMP_ARCH_ARM",
        }
    }

    /// The name in the `arches` of `includes` and `excludes`, which is Go's.
    pub fn go_name(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::X86 => "x86",
            Self::X32 => "x32",
            Self::Aarch64 => "arm64",
            Self::Arm => "arm",
        }
    }

    /// Which number of the table is its own.
    pub fn column(self) -> usize {
        match self {
            Self::X86_64 => 0,
            Self::X86 => 1,
            Self::X32 => 2,
            Self::Aarch64 => 3,
            Self::Arm => 4,
        }
    }

    /// `AUDIT_ARCH_…` (linux/audit.h): what the kernel tells a filter. x32 is x86-64 to it.
    pub fn audit(self) -> u32 {
        match self {
            Self::X86_64 | Self::X32 => 0xc000_003e,
            Self::X86 => 0x4000_0003,
            Self::Aarch64 => 0xc000_00b7,
            Self::Arm => 0x4000_0028,
        }
    }

    /// Its arguments have 64 bits.
    pub fn is_wide(self) -> bool {
        matches!(self, Self::X86_64 | Self::Aarch64)
    }

    /// What is added to a number of the table.
    pub fn offset(self) -> u32 {
        if self == Self::X32 { X32_BIT } else { 0 }
    }
}
