//! Limits of block devices.

use oci_spec::runtime::{LinuxBlockIo, LinuxThrottleDevice};

use super::setting::{Setting, Write};

/// Translates the limits of block devices that are set.
pub fn settings(block: &LinuxBlockIo, settings: &mut Vec<Setting>) {
    if let Some(weight) = block.weight().filter(|weight| *weight != 0) {
        let unified = Write::to("io.bfq.weight", weight).or("io.weight", unified_weight(weight));
        let legacy = Write::to("blkio.weight", weight).or("blkio.bfq.weight", weight);
        settings.push(Setting::new("io", "blockIO.weight", vec![unified], vec![legacy]));
    }
    for device in block.weight_device().iter().flatten() {
        let Some(weight) = device.weight() else { continue };
        let line = |weight: u64| format!("{}:{} {weight}", device.major(), device.minor());
        let own = line(weight.into());
        let unified = Write::to("io.bfq.weight", &own).or("io.weight", line(unified_weight(weight)));
        let legacy = Write::to("blkio.weight_device", &own).or("blkio.bfq.weight_device", &own);
        settings.push(Setting::new("io", "blockIO.weightDevice", vec![unified], vec![legacy]));
    }
    let rates = [
        ("throttleReadBpsDevice", "rbps", "read_bps", block.throttle_read_bps_device()),
        ("throttleWriteBpsDevice", "wbps", "write_bps", block.throttle_write_bps_device()),
        ("throttleReadIOPSDevice", "riops", "read_iops", block.throttle_read_iops_device()),
        ("throttleWriteIOPSDevice", "wiops", "write_iops", block.throttle_write_iops_device()),
    ];
    for (name, key, file, devices) in rates {
        settings.extend(devices.iter().flatten().map(|device| throttle(name, key, file, device)));
    }
}

fn throttle(name: &str, key: &str, file: &str, device: &LinuxThrottleDevice) -> Setting {
    let (major, minor, rate) = (device.major(), device.minor(), device.rate());
    // 0 takes a limit away: v1's word for it, v2 has another.
    let unified = if rate == 0 { "max".to_owned() } else { rate.to_string() };
    let unified = Write::to("io.max", format!("{major}:{minor} {key}={unified}"));
    let legacy = Write::to(format!("blkio.throttle.{file}_device"), format!("{major}:{minor} {rate}"));
    Setting { name: format!("blockIO.{name}").into(), ..Setting::new("io", "", vec![unified], vec![legacy]) }
}

/// Weights 10..=1000 of the runtime-spec onto v2's 1..=10000, as runc does. BFQ has the runtime-spec's in both versions.
fn unified_weight(weight: u16) -> u64 {
    1 + u64::from(weight.clamp(10, 1000) - 10) * 9999 / 990
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings_of(json: &str) -> Vec<Setting> {
        let mut all = Vec::new();
        settings(&serde_json::from_str(json).unwrap(), &mut all);
        all
    }

    #[test]
    fn a_weight_has_another_range_where_bfq_does_not_weigh() {
        let all = settings_of(r#"{"weight":500,"weightDevice":[{"major":8,"minor":16,"weight":1000}]}"#);
        assert_eq!(
            all[0].unified[0].files,
            [("io.bfq.weight".into(), "500".to_owned()), ("io.weight".into(), "4950".to_owned())]
        );
        assert_eq!(all[1].unified[0].files[1], ("io.weight".into(), "8:16 10000".to_owned()));
        assert_eq!(all[1].legacy[0].files[1], ("blkio.bfq.weight_device".into(), "8:16 1000".to_owned()));
    }

    #[test]
    fn rates_are_keys_of_one_file_in_v2() {
        let all = settings_of(
            r#"{"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1024}],
                "throttleWriteIOPSDevice":[{"major":8,"minor":0,"rate":0}]}"#,
        );
        assert_eq!(all[0].unified[0], Write::to("io.max", "8:0 rbps=1024"));
        assert_eq!(all[0].legacy[0], Write::to("blkio.throttle.read_bps_device", "8:0 1024"));
        assert_eq!(all[1].unified[0], Write::to("io.max", "8:0 wiops=max"));
        assert_eq!(all[1].legacy[0], Write::to("blkio.throttle.write_iops_device", "8:0 0"));
        assert_eq!(all[1].name, "blockIO.throttleWriteIOPSDevice");
    }
}
