//! The log of what happens to containers, `events` in the runtime directory: a line of JSON for each, appended by everybody.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::config::Config;
use crate::clock::Timestamp;

/// The file in the runtime directory of the store.
const FILE: &str = "events";

/// Adds an event of a container, in the form of the Docker Engine API's `/events`.
///
/// Best effort: what happens must not fail because nobody could write it down.
pub fn append(run: &Path, config: &Config, action: &str, more: &[(&str, String)]) {
    let mut attributes: Map<String, Value> =
        config.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    attributes.insert("image".to_owned(), json!(config.image));
    attributes.insert("name".to_owned(), json!(config.name));
    attributes.extend(more.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    let event = json!({
        "status": action, "id": config.id, "from": config.image, "Type": "container", "Action": action,
        "Actor": { "ID": config.id, "Attributes": attributes }, "scope": "local",
    });
    append_event(run, event);
}

/// Adds an event with the time it is.
pub fn append_event(run: &Path, mut event: Value) {
    let now = Timestamp::now();
    event["time"] = json!(now.seconds());
    event["timeNano"] = json!(u64::try_from(now.total_nanoseconds()).unwrap_or(u64::MAX));
    // One write: lines of several writers do not mix (O_APPEND, open(2)).
    let line = format!("{event}\n");
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(run.join(FILE));
    drop(file.and_then(|mut file| file.write_all(line.as_bytes())));
}
