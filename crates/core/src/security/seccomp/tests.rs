//! What filters answer, by the interpreter of their instructions.

use super::arch::{Arch, X32_BIT};
use super::bpf::{Instruction, run};
use super::compile::compile;
use super::default::default_profile;
use super::document::{Machine, compact, parse};
use super::profile::Action;
use super::syscalls::{TABLE, find, number};
use crate::security::capabilities::bit;

const ALLOW: u32 = Action::ALLOW.0;
const EPERM: u32 = Action::errno(1).0;
const ENOSYS: u32 = Action::errno(38).0;

fn machine(native: Arch) -> Machine {
    Machine { bounding: 0, kernel: (6, 1), native }
}

fn compiled(json: &str, native: Arch) -> Vec<Instruction> {
    compile(&parse(json, machine(native)).unwrap()).unwrap()
}

fn ask(program: &[Instruction], arch: Arch, name: &str, arguments: &[u64]) -> u32 {
    let number = number(find(name).unwrap(), arch).unwrap() + arch.offset();
    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    run(program, arch.audit(), number, all).0
}

fn default(bounding: u64, native: Arch) -> Vec<Instruction> {
    compile(&default_profile(bounding, native)).unwrap()
}

const NATIVES: [(Arch, &[Arch]); 2] =
    [(Arch::X86_64, &[Arch::X86_64, Arch::X86, Arch::X32]), (Arch::Aarch64, &[Arch::Aarch64, Arch::Arm])];

#[test]
fn the_default_is_the_same_list_in_every_convention() {
    for (native, arches) in NATIVES {
        let program = default(0, native);
        for arch in arches {
            for (name, open) in [
                ("openat", true),
                ("execve", true),
                ("ptrace", true),
                ("rt_sigaction", true),
                ("futex_waitv", true),
                ("mount", false),
                ("unshare", false),
                ("keyctl", false),
                ("bpf", false),
                ("userfaultfd", false),
                ("io_uring_setup", false),
                ("open_by_handle_at", false),
                ("chroot", false),
                ("acct", false),
            ] {
                let expected = if open { ALLOW } else { EPERM };
                assert_eq!(ask(&program, *arch, name, &[]), expected, "{name} of {arch:?}");
            }
        }
    }
    assert_eq!(ask(&default(0, Arch::X86_64), Arch::X86, "socketcall", &[1]), ALLOW);
    assert_eq!(ask(&default(0, Arch::Aarch64), Arch::Arm, "set_tls", &[]), ALLOW);
    assert_eq!(ask(&default(0, Arch::X86_64), Arch::X86_64, "arch_prctl", &[]), ALLOW);
}

#[test]
fn capabilities_open_what_they_are_needed_for() {
    for (capability, names) in [
        ("CAP_SYS_ADMIN", &["mount", "umount2", "setns", "unshare", "bpf", "clone3", "fsopen", "syslog"][..]),
        ("CAP_SYS_CHROOT", &["chroot"]),
        ("CAP_SYS_MODULE", &["init_module", "finit_module", "delete_module"]),
        ("CAP_SYS_TIME", &["settimeofday", "clock_settime"]),
        ("CAP_SYS_BOOT", &["reboot"]),
        ("CAP_DAC_READ_SEARCH", &["open_by_handle_at"]),
        ("CAP_SYSLOG", &["syslog"]),
        ("CAP_BPF", &["bpf"]),
        ("CAP_PERFMON", &["perf_event_open"]),
        ("CAP_SYS_PTRACE", &["kcmp", "pidfd_getfd", "process_madvise"]),
        ("CAP_SYS_NICE", &["mbind", "set_mempolicy"]),
        ("CAP_SYS_PACCT", &["acct"]),
        ("CAP_SYS_RAWIO", &["iopl"]),
        ("CAP_SYS_TTY_CONFIG", &["vhangup"]),
    ] {
        let (without, with) =
            (default(!bit(capability), Arch::X86_64), default(bit(capability), Arch::X86_64));
        for name in names {
            assert_eq!(ask(&with, Arch::X86_64, name, &[]), ALLOW, "{name} with {capability}");
            let closed = ask(&without, Arch::X86_64, name, &[]);
            let others = ["bpf", "perf_event_open", "syslog"];
            assert!(closed != ALLOW || others.contains(name), "{name} without {capability}");
        }
    }
}

#[test]
fn clone_makes_processes_but_no_namespaces() {
    let program = default(0, Arch::X86_64);
    for arch in [Arch::X86_64, Arch::X86, Arch::X32] {
        assert_eq!(ask(&program, arch, "clone", &[0x11]), ALLOW);
        assert_eq!(ask(&program, arch, "clone", &[0x1000_0011]), EPERM);
        assert_eq!(ask(&program, arch, "clone3", &[]), ENOSYS);
    }
    let program = default(bit("CAP_SYS_ADMIN"), Arch::X86_64);
    assert_eq!(ask(&program, Arch::X86_64, "clone", &[0x1000_0011]), ALLOW);
}

#[test]
fn sockets_and_personalities_are_chosen_by_their_first_argument() {
    let program = default(0, Arch::X86_64);
    for (family, answer) in
        [(2, ALLOW), (38, EPERM), (39, ALLOW), (40, EPERM), (41, ALLOW), (38 << 32, ALLOW)]
    {
        assert_eq!(ask(&program, Arch::X86_64, "socket", &[family]), answer, "{family}");
    }
    for (personality, answer) in
        [(0x2_0008, ALLOW), (0x4_0000, EPERM), (0xffff_ffff, ALLOW), (1 << 32, EPERM)]
    {
        assert_eq!(ask(&program, Arch::X86_64, "personality", &[personality]), answer, "{personality:#x}");
    }
    // Of a 32-bit call only the lower half counts.
    assert_eq!(ask(&program, Arch::X86, "personality", &[1 << 32]), ALLOW);
}

#[test]
fn newer_calls_do_not_exist_and_other_conventions_end_the_thread() {
    let program = default(0, Arch::X86_64);
    let answer = |arch: u32, number: u32| run(&program, arch, number, [0; 6]).0;
    for number in [467, 468, 9999, X32_BIT + 600, u32::MAX] {
        assert_eq!(answer(Arch::X86_64.audit(), number), ENOSYS, "{number}");
    }
    assert_eq!(answer(Arch::X86.audit(), 9999), ENOSYS);
    assert_eq!(answer(Arch::Aarch64.audit(), 63), Action::KILL_THREAD.0);
}

#[test]
fn a_call_costs_few_instructions() {
    let program = default(0, Arch::X86_64);
    assert!(program.len() < 600, "{}", program.len());
    let slowest = (0..460).map(|number| run(&program, Arch::X86_64.audit(), number, [0; 6]).1).max();
    assert!(slowest <= Some(22), "{slowest:?}");
    let slowest = (0..460).map(|number| run(&program, Arch::X86.audit(), number, [0; 6]).1).max();
    assert!(slowest <= Some(22), "{slowest:?}");
}

/// Every number of every convention against the plain reading of a profile.
#[test]
fn the_search_gives_what_the_rules_say() {
    let json = r#"{"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[
        {"names":["read","write","exit","clone3","mseal"],"action":"SCMP_ACT_ALLOW"},
        {"names":["getpid"],"action":"SCMP_ACT_ERRNO","errnoRet":7},
        {"names":["open","close"],"action":"SCMP_ACT_LOG"},
        {"names":["kill"],"action":"SCMP_ACT_TRACE","errnoRet":9},
        {"names":["tkill"],"action":"SCMP_ACT_TRAP"}]}"#;
    let program = compiled(json, Arch::X86_64);
    let wanted = |name: &str| match name {
        "read" | "write" | "exit" | "clone3" | "mseal" => ALLOW,
        "getpid" => Action::errno(7).0,
        "open" | "close" => Action::LOG.0,
        "kill" => Action::trace(9).0,
        "tkill" => Action::TRAP.0,
        _ => Action::KILL_PROCESS.0,
    };
    for (index, (name, _)) in TABLE.iter().enumerate() {
        let call = u16::try_from(index).unwrap();
        let Some(number) = number(call, Arch::X86_64) else { continue };
        let answer = run(&program, Arch::X86_64.audit(), number, [0; 6]).0;
        assert_eq!(answer, if number > 462 { ENOSYS } else { wanted(name) }, "{name}");
    }
    // Only what the profile lists may be called otherwise.
    assert_eq!(run(&program, Arch::X86.audit(), 3, [0; 6]).0, Action::KILL_THREAD.0);
    assert_eq!(run(&program, Arch::X86_64.audit(), X32_BIT, [0; 6]).0, Action::KILL_THREAD.0);
}

#[test]
fn every_comparison_is_made_with_64_bits() {
    let values = [
        0u64,
        1,
        41,
        42,
        43,
        1 << 32,
        (1 << 32) + 42,
        (42 << 32) + 41,
        (42 << 32) + 42,
        (42 << 32) + 43,
        (43 << 32),
        u64::MAX,
    ];
    for value in [0u64, 42, (42 << 32) + 42, u64::MAX] {
        for (op, holds) in [
            ("NE", (|a, b| a != b) as fn(u64, u64) -> bool),
            ("LT", |a, b| a < b),
            ("LE", |a, b| a <= b),
            ("EQ", |a, b| a == b),
            ("GE", |a, b| a >= b),
            ("GT", |a, b| a > b),
            ("MASKED_EQ", |a, b| a & b == 0),
        ] {
            let json = format!(
                r#"{{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86"],"syscalls":[{{"names":["dup3"],
                "action":"SCMP_ACT_ALLOW","args":[{{"index":2,"value":{value},"op":"SCMP_CMP_{op}"}}]}}]}}"#
            );
            let program = compiled(&json, Arch::X86_64);
            for given in values {
                let wanted = if holds(given, value) { ALLOW } else { EPERM };
                assert_eq!(
                    ask(&program, Arch::X86_64, "dup3", &[7, 7, given]),
                    wanted,
                    "{given:#x} {op} {value:#x}"
                );
                let narrow = holds(given & 0xffff_ffff, value & 0xffff_ffff);
                let wanted = if narrow { ALLOW } else { EPERM };
                assert_eq!(
                    ask(&program, Arch::X86, "dup3", &[7, 7, given]),
                    wanted,
                    "{given:#x} {op} {value:#x}, 32"
                );
            }
        }
    }
}

#[test]
fn conditions_of_a_rule_must_all_be_true_and_one_rule_is_enough() {
    let rule = |args: &str| format!(r#"{{"names":["dup3"],"action":"SCMP_ACT_ALLOW","args":[{args}]}}"#);
    let arg = |index: u32, value: u64| format!(r#"{{"index":{index},"value":{value},"op":"SCMP_CMP_EQ"}}"#);
    let profile = |rules: &[String]| {
        compiled(
            &format!(r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{}]}}"#, rules.join(",")),
            Arch::X86_64,
        )
    };
    let both = profile(&[rule(&[arg(0, 1), arg(1, 2)].join(","))]);
    let answers = |program: &[Instruction]| {
        [[1, 2], [1, 0], [0, 2], [3, 4]].map(|given| ask(program, Arch::X86_64, "dup3", &given) == ALLOW)
    };
    assert_eq!(answers(&both), [true, false, false, false]);
    let either = profile(&[rule(&arg(0, 1)), rule(&arg(0, 3))]);
    assert_eq!(answers(&either), [true, true, false, true]);
    // The same argument twice: one of the two is enough, as with runc.
    let same = profile(&[rule(&[arg(0, 1), arg(0, 3)].join(","))]);
    assert_eq!(answers(&same), [true, true, false, true]);
    let wide = profile(&[rule(&arg(0, 1)), r#"{"names":["dup3"],"action":"SCMP_ACT_ALLOW"}"#.to_owned()]);
    assert_eq!(answers(&wide), [true; 4]);
}

#[test]
fn a_rule_for_a_socket_call_is_one_for_its_second_door_on_i386() {
    let json = r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],
        "syscalls":[{"names":["bind","semop"],"action":"SCMP_ACT_ERRNO"}]}"#;
    let program = compiled(json, Arch::X86_64);
    assert_eq!(ask(&program, Arch::X86, "bind", &[]), EPERM);
    assert_eq!(ask(&program, Arch::X86, "socketcall", &[2]), EPERM);
    assert_eq!(ask(&program, Arch::X86, "socketcall", &[1]), ALLOW);
    assert_eq!(ask(&program, Arch::X86, "ipc", &[1]), EPERM);
    assert_eq!(ask(&program, Arch::X86, "ipc", &[2]), ALLOW);
}

#[test]
fn rules_apply_by_capability_processor_and_kernel() {
    let json = |part: &str| {
        format!(
            r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{{"names":["mount"],"action":"SCMP_ACT_ALLOW",{part}}}]}}"#
        )
    };
    let open = |part: &str, bounding: u64| {
        let machine = Machine { bounding, kernel: (6, 1), native: Arch::X86_64 };
        let program = compile(&parse(&json(part), machine).unwrap()).unwrap();
        ask(&program, Arch::X86_64, "mount", &[]) == ALLOW
    };
    let (admin, time) = (bit("CAP_SYS_ADMIN"), bit("CAP_SYS_TIME"));
    for (part, bounding, expected) in [
        (r#""includes":{"caps":["CAP_SYS_ADMIN"]}"#, 0, false),
        (r#""includes":{"caps":["CAP_SYS_ADMIN"]}"#, admin, true),
        (r#""includes":{"caps":["CAP_SYS_ADMIN","CAP_SYS_TIME"]}"#, admin, false),
        (r#""includes":{"caps":["CAP_SYS_ADMIN","CAP_SYS_TIME"]}"#, admin | time, true),
        (r#""excludes":{"caps":["CAP_SYS_ADMIN","CAP_SYS_TIME"]}"#, time, false),
        (r#""excludes":{"caps":["CAP_SYS_ADMIN"]}"#, time, true),
        (r#""includes":{"arches":["amd64","x32"]}"#, 0, true),
        (r#""includes":{"arches":["s390x"]}"#, 0, false),
        (r#""excludes":{"arches":["amd64"]}"#, 0, false),
        (r#""includes":{"minKernel":"4.8"}"#, 0, true),
        (r#""includes":{"minKernel":"6.2"}"#, 0, false),
        (r#""excludes":{"minKernel":"5.0"}"#, 0, false),
        (r#""includes":{"arches":["amd64"],"caps":["CAP_SYS_TIME"]}"#, 0, false),
        (r#""includes":{},"excludes":{},"args":null,"comment":"for all""#, 0, true),
    ] {
        assert_eq!(open(part, bounding), expected, "{part} {bounding:#x}");
    }
}

#[test]
fn conventions_come_from_the_map_or_the_list() {
    let with = |part: &str| {
        let json = format!(r#"{{"defaultAction":"SCMP_ACT_ALLOW",{part}}}"#);
        run(&compiled(&json, Arch::X86_64), Arch::X86.audit(), 3, [0; 6]).0
    };
    let map = r#""archMap":[{"architecture":"SCMP_ARCH_S390X","subArchitectures":null},
        {"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}]"#;
    assert_eq!(with(map), ALLOW);
    assert_eq!(with(r#""architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_PPC"]"#), ALLOW);
    assert_eq!(with(r#""architectures":["SCMP_ARCH_X86_64"]"#), Action::KILL_THREAD.0);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let syscalls = |call: &str| format!(r#"{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{call}]}}"#);
    for (json, place) in [
        ("{", "line 1 column 1"),
        ("{}", "missing field `defaultAction`"),
        (r#"{"defaultAction":"SCMP_ACT_MAYBE"}"#, "unknown variant `SCMP_ACT_MAYBE`"),
        (r#"{"defaultAction":"SCMP_ACT_NOTIFY"}"#, "defaultAction: rcx has no listener"),
        (r#"{"defaultAction":"SCMP_ACT_ALLOW","sycalls":[]}"#, "unknown field `sycalls`"),
        (
            r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_VAX"]}"#,
            "no architecture: SCMP_ARCH_VAX",
        ),
        (
            r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86_64"}]}"#,
            "both given",
        ),
        (
            r#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":5000}"#,
            "defaultAction: 5000 is more than 4095",
        ),
        (&syscalls(r#"{"action":"SCMP_ACT_LOG"}"#), "syscalls[0]: names is missing"),
        (&syscalls(r#"{"names":["read",""],"action":"SCMP_ACT_LOG"}"#), "syscalls[0].names[1] is empty"),
        (
            &syscalls(r#"{"name":"read","names":["write"],"action":"SCMP_ACT_LOG"}"#),
            "syscalls[0]: name and names",
        ),
        (
            &syscalls(r#"{"names":["read"],"action":"SCMP_ACT_NOTIFY"}"#),
            "syscalls[0].action: rcx has no listener",
        ),
        (
            &syscalls(
                r#"{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}"#,
            ),
            "syscalls[0].args[0].index: 6",
        ),
        (
            &syscalls(r#"{"names":["read"],"action":"SCMP_ACT_LOG","includes":{"minKernel":"new"}}"#),
            "syscalls[0].includes.minKernel",
        ),
    ] {
        let error = parse(json, machine(Arch::X86_64)).unwrap_err();
        assert_eq!(error.code, "ERR_RCX_SECCOMP_PROFILE");
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[test]
fn a_program_that_the_kernel_would_not_take_is_refused() {
    let args: Vec<String> =
        (0..3000).map(|value| format!(r#"{{"index":0,"value":{value},"op":"SCMP_CMP_EQ"}}"#)).collect();
    let json = format!(
        r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{{"names":["dup3"],"action":"SCMP_ACT_ALLOW","args":[{}]}}]}}"#,
        args.join(",")
    );
    let error = compile(&parse(&json, machine(Arch::X86_64)).unwrap()).unwrap_err();
    assert!(error.to_string().contains("the kernel takes 4096"), "{error}");
}

#[test]
fn compacting_leaves_the_text_of_strings_alone() {
    assert_eq!(
        compact("{\n \"a b\" : [ 1,\t18446744073709551615 ],\"c\\\" \\\\\" : \" \" }"),
        "{\"a b\":[1,18446744073709551615],\"c\\\" \\\\\":\" \"}"
    );
}
