//! Networks of a container: its addresses are free again when it is removed.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::config::Config;
use super::events::append_event;

/// A network that a container is in.
#[derive(Debug, Clone, Deserialize)]
pub struct Membership {
    /// Id of the network.
    #[serde(default)]
    pub id: String,
    /// The container's address there.
    pub address: IpAddr,
    /// And of IPv6.
    #[serde(default)]
    pub ipv6: Option<Ipv6>,
}

/// An IPv6 address of a container.
#[derive(Debug, Clone, Deserialize)]
pub struct Ipv6 {
    /// The address.
    pub address: IpAddr,
}

/// Adds an event of each network of a container: `connect` or `disconnect`.
pub fn report(run: &Path, config: &Config, action: &str) {
    for (name, network) in &config.networks {
        let attributes = json!({ "container": config.id, "name": name, "type": "bridge" });
        let actor = json!({ "ID": network.id, "Attributes": attributes });
        append_event(run, json!({ "Type": "network", "Action": action, "Actor": actor, "scope": "local" }));
    }
}

/// Frees the addresses of a container that is gone: a link for each in the network's folder, which says whose it is. Best effort:
/// one that stays is given to another container when there is no other left.
pub fn free_addresses(containers: &Path, config: &Config) {
    let Some(networks) = containers.parent().map(|root| root.join("networks")) else { return };
    for (name, network) in config.networks.iter().filter(|(name, _)| is_name(name)) {
        let own = network.ipv6.iter().map(|ipv6| ipv6.address).chain([network.address]);
        for address in own {
            let link = networks.join(name).join("addresses").join(address.to_string());
            if fs::read_link(&link).is_ok_and(|owner| owner.as_os_str() == config.id.as_str()) {
                let _kept = fs::remove_file(&link);
            }
        }
    }
}

/// What becomes a path here was read from a file.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && !name.contains('/')
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_what_is_the_containers_own_is_freed() {
        let root = std::env::temp_dir().join(format!("rcx-addresses-{}", std::process::id()));
        let addresses = root.join("networks/back/addresses");
        fs::create_dir_all(&addresses).unwrap();
        fs::create_dir_all(root.join("containers")).unwrap();
        symlink("mine", addresses.join("172.17.0.2")).unwrap();
        symlink("other", addresses.join("172.17.0.3")).unwrap();
        let config = |networks: &str| -> Config {
            serde_json::from_str(&format!(
                r#"{{"id":"mine","name":"n","networks":{networks},"request":{{"spec":{{"ociVersion":"1.2.0"}},"rcx":{{"id":"x","initBinary":"/i","mountpoint":"/m"}}}}}}"#
            ))
            .unwrap()
        };
        let left = || fs::read_dir(&addresses).unwrap().count();
        free_addresses(&root.join("containers"), &config(r#"{"back":{"address":"172.17.0.3"}}"#));
        free_addresses(&root.join("containers"), &config(r#"{"../networks/back":{"address":"172.17.0.2"}}"#));
        assert_eq!(left(), 2);
        free_addresses(
            &root.join("containers"),
            &config(r#"{"back":{"address":"172.17.0.2"},"gone":{"address":"10.0.0.2"}}"#),
        );
        assert_eq!(left(), 1);
        fs::remove_dir_all(&root).unwrap();
    }
}
