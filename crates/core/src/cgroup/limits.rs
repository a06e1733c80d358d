//! Limits of the runtime-spec as files of cgroup v2 and v1: memory, processors, processes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use oci_spec::runtime::{LinuxCpu, LinuxMemory, LinuxPids, LinuxResources};

use super::block;
use super::setting::{Setting, Write};
use crate::error::{Error, Result};

const UNSUPPORTED: &str = "ERR_RCX_UNSUPPORTED";
const INVALID: &str = "ERR_RCX_INVALID_SPEC";

/// Translates the limits that are set; one that rcx does not know is refused, never ignored. 0 is not set, -1 no limit.
pub fn settings(resources: &LinuxResources) -> Result<Vec<Setting>> {
    let memory_part = resources.memory().as_ref();
    let kernel = |value: Option<i64>| value.is_some_and(|bytes| bytes != 0);
    let unsupported = [
        ("network", resources.network().is_some()),
        ("rdma", resources.rdma().is_some()),
        // Linux 5.11 has taken these away; what a container's own kernel memory is counts as its memory.
        ("memory.kernel", memory_part.is_some_and(|memory| kernel(memory.kernel()))),
        ("memory.kernelTCP", memory_part.is_some_and(|memory| kernel(memory.kernel_tcp()))),
        ("memory.useHierarchy", memory_part.is_some_and(|memory| memory.use_hierarchy() == Some(false))),
    ];
    if let Some((name, _)) = unsupported.iter().find(|(_, present)| *present) {
        return Err(Error::new(UNSUPPORTED, format!("apply linux.resources.{name}: not supported")));
    }
    let mut settings = Vec::new();
    resources.memory().as_ref().into_iter().for_each(|part| memory(part, &mut settings));
    resources.cpu().as_ref().into_iter().for_each(|part| cpu(part, &mut settings));
    resources.block_io().as_ref().into_iter().for_each(|part| block::settings(part, &mut settings));
    if let Some(limit) = resources.pids().as_ref().map(LinuxPids::limit).filter(|limit| *limit != 0) {
        let value = max(limit);
        let write = Write::to("pids.max", value);
        settings.push(Setting::certain("pids", "pids.limit", write.clone(), write));
    }
    huge_pages(resources, &mut settings)?;
    // Last: what it names wins over what was translated.
    unified(resources.unified().iter().flatten().collect(), &mut settings)?;
    Ok(settings)
}

/// v2's word for no limit.
fn max(value: i64) -> String {
    if value < 0 { "max".to_owned() } else { value.to_string() }
}

fn memory(memory: &LinuxMemory, settings: &mut Vec<Setting>) {
    let limit = memory.limit().filter(|limit| *limit != 0);
    if let Some(limit) = limit {
        let legacy = Write::to("memory.limit_in_bytes", limit);
        settings.push(Setting::certain(
            "memory",
            "memory.limit",
            Write::to("memory.max", max(limit)),
            legacy,
        ));
    }
    if let Some(reservation) = memory.reservation().filter(|value| *value != 0) {
        let unified = Write::to("memory.low", max(reservation));
        let legacy = Write::to("memory.soft_limit_in_bytes", reservation);
        settings.push(Setting::certain("memory", "memory.reservation", unified, legacy));
    }
    // Swap accounting can be compiled out or switched off.
    if let Some(swap) = memory.swap().filter(|value| *value != 0) {
        let alone = max(swap_alone(swap, limit));
        let unified = Write { optional: true, ..Write::to("memory.swap.max", alone) };
        let legacy = Write { optional: true, ..Write::to("memory.memsw.limit_in_bytes", swap) };
        settings.push(Setting::new("memory", "memory.swap", vec![unified], vec![legacy]));
    }
    if memory.disable_oom_killer().unwrap_or(false) {
        let legacy = Write::to("memory.oom_control", 1);
        settings.push(Setting::new("memory", "memory.disableOOMKiller", vec![], vec![legacy]));
    }
    if let Some(swappiness) = memory.swappiness() {
        let legacy = Write::to("memory.swappiness", swappiness);
        settings.push(Setting::new("memory", "memory.swappiness", vec![], vec![legacy]));
    }
}

/// The runtime-spec counts memory and swap together, as v1 does; v2 and systemd count swap alone. -1 is no limit.
pub fn swap_alone(swap: i64, memory: Option<i64>) -> i64 {
    if swap < 0 { -1 } else { (swap - memory.unwrap_or(0)).max(0) }
}

/// The kernel's own period, for a quota that has none.
pub const DEFAULT_PERIOD_MICROS: u64 = 100_000;

fn cpu(cpu: &LinuxCpu, settings: &mut Vec<Setting>) {
    let quota = cpu.quota().filter(|quota| *quota != 0);
    let period = cpu.period().filter(|period| *period != 0);
    if quota.is_some() || period.is_some() {
        let (quota, period) = (quota.unwrap_or(-1), period.unwrap_or(DEFAULT_PERIOD_MICROS));
        let unified = Write::to("cpu.max", format!("{} {period}", max(quota)));
        let legacy = vec![Write::to("cpu.cfs_period_us", period), Write::to("cpu.cfs_quota_us", quota)];
        settings.push(Setting { certain: true, ..Setting::new("cpu", "cpu.quota", vec![unified], legacy) });
    }
    if let Some(burst) = cpu.burst() {
        let legacy = Write::to("cpu.cfs_burst_us", burst);
        settings.push(Setting::new(
            "cpu",
            "cpu.burst",
            vec![Write::to("cpu.max.burst", burst)],
            vec![legacy],
        ));
    }
    if let Some(shares) = cpu.shares().filter(|shares| *shares != 0) {
        let unified = Write::to("cpu.weight", weight(shares));
        settings.push(Setting::certain("cpu", "cpu.shares", unified, Write::to("cpu.shares", shares)));
    }
    if let Some(idle) = cpu.idle() {
        let write = vec![Write::to("cpu.idle", idle)];
        settings.push(Setting::new("cpu", "cpu.idle", write.clone(), write));
    }
    let real_time = [
        ("cpu.realtimePeriod", "cpu.rt_period_us", cpu.realtime_period().map(|micros| micros.to_string())),
        ("cpu.realtimeRuntime", RT_RUNTIME, cpu.realtime_runtime().map(|micros| micros.to_string())),
    ];
    for (name, file, value) in real_time {
        let legacy = value.filter(|value| value != "0").map(|value| Write::to(file, value));
        settings.extend(legacy.map(|write| Setting::new("cpu", name, vec![], vec![write])));
    }
    for (name, file, list) in
        [("cpu.cpus", "cpuset.cpus", cpu.cpus()), ("cpu.mems", "cpuset.mems", cpu.mems())]
    {
        let Some(list) = list.as_ref().filter(|list| !list.is_empty()) else { continue };
        let write = Write::to(file, list);
        settings.push(Setting::certain("cpuset", name, write.clone(), write));
    }
}

/// Microseconds of each period for processes of a real-time policy (v1 only, `CONFIG_RT_GROUP_SCHED`).
pub const RT_RUNTIME: &str = "cpu.rt_runtime_us";

/// Shares 2..=262144 onto weights 1..=10000 so that the defaults of both, 1024 and 100, meet: a parabola through these three
/// points in logarithms, which runc, crun and the kubelet share (<https://github.com/kubernetes/kubernetes/issues/131216>).
pub fn weight(shares: u64) -> u64 {
    const SHARES: (u64, u64) = (2, 262_144);
    match shares {
        _ if shares <= SHARES.0 => 1,
        _ if shares >= SHARES.1 => 10_000,
        _ => {
            let bits = (shares as f64).log2();
            let exponent = (bits * bits + 125.0 * bits) / 612.0 - 7.0 / 34.0;
            // Between 1 and 10000 by the bounds above.
            10f64.powf(exponent).ceil() as u64
        }
    }
}

/// `2MB`, `1GB`: as the names of the files have it.
fn huge_pages(resources: &LinuxResources, settings: &mut Vec<Setting>) -> Result<()> {
    for entry in resources.hugepage_limits().iter().flatten() {
        let size = entry.page_size();
        let digits = size.trim_end_matches("KB").trim_end_matches("MB").trim_end_matches("GB");
        if digits.len() + 2 != size.len() || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(Error::new(
                INVALID,
                format!("limit huge pages: {size:?} is no size like 2MB or 1GB"),
            ));
        }
        let limit = entry.limit();
        // What is reserved and not touched yet has a count of its own (Linux 5.7).
        let reserved = |file, value| Write { optional: true, ..Write::to(file, value) };
        let unified = vec![
            Write::to(format!("hugetlb.{size}.max"), max(limit)),
            reserved(format!("hugetlb.{size}.rsvd.max"), max(limit)),
        ];
        let legacy = vec![
            Write::to(format!("hugetlb.{size}.limit_in_bytes"), limit.to_string()),
            reserved(format!("hugetlb.{size}.rsvd.limit_in_bytes"), limit.to_string()),
        ];
        settings.push(Setting::new("hugetlb", "hugepageLimits", unified, legacy));
    }
    Ok(())
}

/// Files of v2 by name. The kernel's own, `cgroup.*`, are no limits: to write a pid to one would take a process of the host in.
fn unified(files: BTreeMap<&String, &String>, settings: &mut Vec<Setting>) -> Result<()> {
    for (file, value) in files {
        let controller = file.split('.').next().unwrap_or_default();
        let plain = file.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
        if !plain || controller.is_empty() || controller == file || controller == "cgroup" {
            return Err(Error::new(
                INVALID,
                format!("apply linux.resources.unified: {file:?} is no file of a controller"),
            ));
        }
        settings.push(Setting {
            controller: Cow::Owned(controller.to_owned()),
            name: format!("unified.{file}").into(),
            unified: vec![Write::to(file.clone(), value)],
            legacy: vec![],
            certain: false,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings_of(json: &str) -> Vec<Setting> {
        settings(&serde_json::from_str(json).unwrap()).unwrap()
    }

    fn lines(writes: &[Write]) -> Vec<String> {
        let files = writes.iter().flat_map(|write| &write.files);
        files.map(|(file, value)| format!("{file} {value}")).collect()
    }

    #[test]
    fn memory_and_swap_are_counted_together_in_the_spec_and_apart_in_v2() {
        let settings = settings_of(r#"{"memory":{"limit":1000,"swap":3000,"reservation":500}}"#);
        assert_eq!(lines(&settings[0].unified), ["memory.max 1000"]);
        assert_eq!(lines(&settings[1].unified), ["memory.low 500"]);
        assert_eq!(lines(&settings[2].unified), ["memory.swap.max 2000"]);
        assert_eq!(lines(&settings[2].legacy), ["memory.memsw.limit_in_bytes 3000"]);
        assert_eq!(
            lines(&settings_of(r#"{"memory":{"limit":9,"swap":-1}}"#)[1].unified),
            ["memory.swap.max max"]
        );
    }

    #[test]
    fn swappiness_real_time_and_waiting_for_memory_are_of_v1_alone() {
        let settings = settings_of(
            r#"{"memory":{"swappiness":0,"disableOOMKiller":true},"cpu":{"realtimeRuntime":900,"realtimePeriod":1000}}"#,
        );
        assert!(settings.iter().all(|setting| setting.unified.is_empty() && !setting.certain));
        let files: Vec<_> = settings.iter().flat_map(|setting| lines(&setting.legacy)).collect();
        assert_eq!(
            files,
            ["memory.oom_control 1", "memory.swappiness 0", "cpu.rt_period_us 1000", "cpu.rt_runtime_us 900"]
        );
    }

    #[test]
    fn a_quota_is_one_line_in_v2_and_two_files_in_v1() {
        let settings = settings_of(r#"{"cpu":{"quota":50000,"period":100000}}"#);
        assert_eq!(lines(&settings[0].unified), ["cpu.max 50000 100000"]);
        assert_eq!(settings[0].legacy.len(), 2);
    }

    #[test]
    fn a_period_without_a_quota_limits_nothing() {
        let settings = settings_of(r#"{"cpu":{"period":50000}}"#);
        assert_eq!(lines(&settings[0].unified), ["cpu.max max 50000"]);
        assert_eq!(lines(&settings[0].legacy)[1], "cpu.cfs_quota_us -1");
    }

    #[test]
    fn processors_and_memory_nodes_are_the_cpuset_controllers() {
        let settings = settings_of(r#"{"cpu":{"cpus":"0-1","mems":""}}"#);
        assert_eq!(settings.len(), 1);
        assert_eq!(settings[0].controller, "cpuset");
        assert_eq!(lines(&settings[0].unified), ["cpuset.cpus 0-1"]);
    }

    #[test]
    fn unlimited_pids_are_max() {
        assert_eq!(lines(&settings_of(r#"{"pids":{"limit":-1}}"#)[0].unified), ["pids.max max"]);
    }

    #[test]
    fn shares_map_onto_the_whole_range_of_weights_and_the_defaults_meet() {
        let known = [(2, 1), (100, 17), (512, 59), (1024, 100), (10_000, 627), (262_144, 10_000)];
        for (shares, expected) in known {
            assert_eq!(weight(shares), expected, "{shares} shares");
        }
    }

    #[test]
    fn huge_pages_have_files_by_their_size() {
        let settings = settings_of(r#"{"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]}"#);
        assert_eq!(lines(&settings[0].unified), ["hugetlb.2MB.max 4194304", "hugetlb.2MB.rsvd.max 4194304"]);
        for size in ["../x", "MB", "2", "2MBKB"] {
            let json = format!(r#"{{"hugepageLimits":[{{"pageSize":"{size}","limit":1}}]}}"#);
            assert_eq!(super::settings(&serde_json::from_str(&json).unwrap()).unwrap_err().code, INVALID);
        }
    }

    #[test]
    fn files_of_v2_are_written_by_name_but_for_the_kernels_own() {
        let settings = settings_of(r#"{"unified":{"memory.high":"1000"}}"#);
        assert_eq!(settings[0].controller, "memory");
        assert_eq!(lines(&settings[0].unified), ["memory.high 1000"]);
        for file in ["cgroup.procs", "../memory.max", "memory", ".x", "memory/max"] {
            let json = format!(r#"{{"unified":{{"{file}":"1"}}}}"#);
            assert_eq!(super::settings(&serde_json::from_str(&json).unwrap()).unwrap_err().code, INVALID);
        }
    }

    #[test]
    fn what_rcx_cannot_apply_is_refused() {
        for json in [r#"{"memory":{"kernel":1}}"#, r#"{"network":{"classID":1}}"#] {
            let resources: LinuxResources = serde_json::from_str(json).unwrap();
            assert_eq!(settings(&resources).unwrap_err().code, UNSUPPORTED);
        }
    }
}
