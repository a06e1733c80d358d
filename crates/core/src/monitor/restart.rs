//! Whether and when a container is run again.

use std::time::Duration;

use super::config::{RestartName, RestartPolicy};
use crate::launch::Exit;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(60);
/// A program that ran for so long has not failed at once: the next wait is the first again.
const LONG_RUN: Duration = Duration::from_secs(10);

/// Doubles the wait from restart to restart, as Docker does.
#[derive(Debug, Default)]
pub struct Backoff {
    next: Option<Duration>,
}

impl Backoff {
    /// How long to wait after a run of that length.
    pub fn after(&mut self, ran: Duration) -> Duration {
        let wait = match self.next {
            Some(next) if ran < LONG_RUN => next,
            _ => FIRST,
        };
        self.next = Some((wait * 2).min(LONGEST));
        wait
    }
}

impl RestartPolicy {
    /// Whether a container that ended is run again.
    ///
    /// `exit` is `None` when it could not even be started; `stopped`: somebody asked for the end; `count`: restarts so far.
    pub fn applies(self, exit: Option<Exit>, stopped: bool, count: u32) -> bool {
        if stopped {
            return false;
        }
        match self.name {
            RestartName::No => false,
            RestartName::Always | RestartName::UnlessStopped => true,
            RestartName::OnFailure => {
                let most = self.maximum_retry_count;
                exit != Some(Exit::Code(0)) && (most == 0 || count < most)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_begin_anew_after_a_long_run() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..12).map(|_| backoff.after(Duration::from_millis(1)).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
        assert_eq!(backoff.after(Duration::from_secs(11)), FIRST);
    }

    #[test]
    fn policies_are_dockers() {
        let policy = |name, maximum_retry_count| RestartPolicy { name, maximum_retry_count };
        let (ok, failed) = (Some(Exit::Code(0)), Some(Exit::Signal(9)));
        let cases = [
            (policy(RestartName::No, 0), failed, false, 0, false),
            (policy(RestartName::Always, 0), ok, false, 99, true),
            (policy(RestartName::Always, 0), ok, true, 0, false),
            (policy(RestartName::UnlessStopped, 0), failed, false, 3, true),
            (policy(RestartName::OnFailure, 0), ok, false, 0, false),
            (policy(RestartName::OnFailure, 0), failed, false, 99, true),
            (policy(RestartName::OnFailure, 3), failed, false, 2, true),
            (policy(RestartName::OnFailure, 3), failed, false, 3, false),
            (policy(RestartName::OnFailure, 3), None, false, 0, true),
        ];
        for (policy, exit, stopped, count, expected) in cases {
            assert_eq!(
                policy.applies(exit, stopped, count),
                expected,
                "{policy:?} {exit:?} {stopped} {count}"
            );
        }
    }
}
