//! Limits as properties of a unit. Those that systemd has no property for are written to the cgroup's files alone.

use oci_spec::runtime::{LinuxCpu, LinuxMemory, LinuxPids, LinuxResources};

use super::message::{Properties, Value};
use crate::cgroup::limits::{DEFAULT_PERIOD_MICROS, swap_alone, weight};

/// The properties of the limits that are set.
pub fn of(resources: Option<&LinuxResources>) -> Properties {
    let mut all = Vec::new();
    let Some(resources) = resources else { return all };
    resources.memory().as_ref().into_iter().for_each(|part| memory(part, &mut all));
    resources.cpu().as_ref().into_iter().for_each(|part| cpu(part, &mut all));
    let pids = resources.pids().as_ref().map(LinuxPids::limit).filter(|limit| *limit != 0);
    all.extend(pids.map(|limit| ("TasksMax", number(limit))));
    all
}

/// systemd's infinity is the largest number.
fn number(value: i64) -> Value {
    Value::Number(u64::try_from(value).unwrap_or(u64::MAX))
}

fn memory(memory: &LinuxMemory, all: &mut Properties) {
    let limit = memory.limit().filter(|limit| *limit != 0);
    all.extend(limit.map(|limit| ("MemoryMax", number(limit))));
    let reservation = memory.reservation().filter(|value| *value != 0);
    all.extend(reservation.map(|reservation| ("MemoryLow", number(reservation))));
    let swap = memory.swap().filter(|swap| *swap != 0);
    all.extend(swap.map(|swap| ("MemorySwapMax", number(swap_alone(swap, limit)))));
}

fn cpu(cpu: &LinuxCpu, all: &mut Properties) {
    const SECOND_MICROS: u64 = 1_000_000;
    let quota = cpu.quota().filter(|quota| *quota != 0);
    let period = cpu.period().filter(|period| *period != 0);
    if let Some(quota) = quota {
        let period = period.unwrap_or(DEFAULT_PERIOD_MICROS);
        let per_second =
            u64::try_from(quota).map(|quota| quota.saturating_mul(SECOND_MICROS).div_ceil(period));
        all.push(("CPUQuotaPerSecUSec", Value::Number(per_second.unwrap_or(u64::MAX))));
        all.push(("CPUQuotaPeriodUSec", Value::Number(period)));
    }
    let shares = cpu.shares().filter(|shares| *shares != 0);
    all.extend(shares.map(|shares| ("CPUWeight", Value::Number(weight(shares)))));
    let lists = [("AllowedCPUs", cpu.cpus()), ("AllowedMemoryNodes", cpu.mems())];
    let lists = lists.into_iter().filter_map(|(name, list)| Some((name, bits(list.as_deref()?)?)));
    all.extend(lists.map(|(name, bits)| (name, Value::Bits(bits))));
}

/// `0-2,7` as one bit for each number; `None` for what is no such list, which the kernel refuses itself.
fn bits(list: &str) -> Option<Vec<u8>> {
    const MOST: usize = 65_536;
    let mut bits = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if last >= MOST {
            return None;
        }
        for number in first..=last {
            if bits.len() <= number / 8 {
                bits.resize(number / 8 + 1, 0);
            }
            bits[number / 8] |= 1 << (number % 8);
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_properties() {
        let json = r#"{"memory":{"limit":1000,"swap":3000},"pids":{"limit":-1},
            "cpu":{"quota":50000,"period":100000,"shares":1024,"cpus":"0,9-10"}}"#;
        let resources: LinuxResources = serde_json::from_str(json).unwrap();
        let expected: Properties = vec![
            ("MemoryMax", Value::Number(1000)),
            ("MemorySwapMax", Value::Number(2000)),
            ("CPUQuotaPerSecUSec", Value::Number(500_000)),
            ("CPUQuotaPeriodUSec", Value::Number(100_000)),
            ("CPUWeight", Value::Number(100)),
            ("AllowedCPUs", Value::Bits(vec![1, 6])),
            ("TasksMax", Value::Number(u64::MAX)),
        ];
        assert_eq!(of(Some(&resources)), expected);
        assert_eq!(of(None), vec![]);
    }

    #[test]
    fn what_is_no_list_is_left_to_the_kernel() {
        assert_eq!(["x", "1-", "99999"].map(bits), [None, None, None]);
    }
}
