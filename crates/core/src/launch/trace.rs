//! How long each part of a launch takes, where somebody wants to know.

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::plan::op::Step;

/// A part of a launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What was done: `mount in the container`.
    pub what: String,
    /// To what; may be empty.
    pub object: String,
    /// How long it took.
    pub nanoseconds: u64,
}

/// Nanoseconds of a clock that never goes back. The kernel's page for it is read without a system call (vdso(7)), so the child, which may
/// neither allocate nor lock, can ask, too.
pub fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let [seconds, nanoseconds] = [now.tv_sec, now.tv_nsec].map(|part| u64::try_from(part).unwrap_or(0));
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// Moments in the child. As many as there is room for, which is made by its parent: none where nobody wants to know.
#[derive(Debug, Default)]
pub struct Moments(Vec<u64>);

impl Moments {
    /// Room for the beginning and the end of so many steps.
    pub fn of(steps: usize) -> Self {
        Self(Vec::with_capacity(steps + 1))
    }

    /// This moment is one.
    pub fn mark(&mut self) {
        if self.0.len() < self.0.capacity() {
            self.0.push(now());
        }
    }
}

/// Takes the time of the parts of one launch.
#[derive(Debug, Default)]
pub struct Watch {
    /// When the last part ended; none where nobody wants to know.
    last: Option<u64>,
    parts: Vec<Part>,
}

impl Watch {
    /// Begins now, if it is wanted.
    pub fn new(wanted: bool) -> Self {
        Self { last: wanted.then(now), parts: Vec::new() }
    }

    /// A part has ended.
    pub fn lap(&mut self, what: &str) {
        self.lap_at(now(), what, "");
    }

    /// The child has carried its steps out.
    pub fn steps(&mut self, steps: &[Step], Moments(moments): &Moments) {
        let names = std::iter::once(("clone a process into its namespaces", ""));
        let names = names.chain(steps.iter().map(|step| (step.what, step.object.as_str())));
        for ((what, object), &moment) in names.zip(moments) {
            self.lap_at(moment, what, object);
        }
    }

    /// All parts up to now.
    pub fn parts(self) -> Vec<Part> {
        self.parts
    }

    fn lap_at(&mut self, moment: u64, what: &str, object: &str) {
        if let Some(last) = &mut self.last {
            let nanoseconds = moment.saturating_sub(std::mem::replace(last, moment));
            self.parts.push(Part { what: what.to_owned(), object: object.to_owned(), nanoseconds });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other() {
        let mut watch = Watch::new(true);
        std::thread::sleep(std::time::Duration::from_millis(2));
        watch.lap("first");
        watch.lap("second");
        let parts = watch.parts();
        assert_eq!(parts.iter().map(|part| part.what.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        assert!(parts[0].nanoseconds >= 2_000_000, "{parts:?}");
    }

    #[test]
    fn nothing_is_kept_where_nobody_wants_to_know() {
        let mut watch = Watch::new(false);
        watch.lap("first");
        assert!(watch.parts().is_empty());
        let mut moments = Moments::default();
        moments.mark();
        assert!(moments.0.is_empty());
    }

    #[test]
    fn a_child_marks_no_more_than_there_is_room_for() {
        let mut moments = Moments::of(1);
        let room = moments.0.capacity();
        for _ in 0..room + 3 {
            moments.mark();
        }
        assert_eq!(moments.0.len(), room);
    }
}
