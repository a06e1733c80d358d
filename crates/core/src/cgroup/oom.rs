//! What the kernel has killed in a cgroup for want of memory.

use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFlags, eventfd};

use super::{Layout, below, set};

/// `memory.events` of v2, and `memory.oom_control` of v1 (Linux 4.13): both count as `oom_kill N`.
const UNIFIED: &str = "memory.events";
const LEGACY: &str = "memory.oom_control";
/// More than either has.
const MOST_TEXT: usize = 512;
/// v2 tells of everything that happens to memory, and a container that is always at its limit has much to tell; v1 tells before
/// the kernel has killed. So after a sign nothing is heard for a while, and then it is counted once more.
const REST: Duration = Duration::from_millis(100);

/// Whether the kernel has killed a process of the container's cgroup for want of memory. Without a memory controller nobody
/// counts, and the answer is no.
pub fn oom_killed(path: &str) -> bool {
    let file = counter(path).map(|(dir, file)| dir.join(file));
    file.and_then(|file| fs::read_to_string(file).ok())
        .and_then(|text| count(&text))
        .is_some_and(|kills| kills > 0)
}

/// Where kills of a container are counted: a cgroup that it has, and the file there.
fn counter(path: &str) -> Option<(PathBuf, &'static str)> {
    let layout = Layout::detect().ok()?;
    let unified = layout.unified.as_deref().map(|mount| (below(mount, path), UNIFIED));
    let legacy = layout.legacy.iter().find(|hierarchy| hierarchy.has("memory"));
    let legacy = legacy.map(|hierarchy| (below(&hierarchy.mount, path), LEGACY));
    unified.into_iter().chain(legacy).find(|(dir, file)| dir.join(file).exists())
}

fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")).and_then(|number| number.trim().parse().ok())
}

/// Hears of kills in a container's cgroup as they happen.
#[derive(Debug)]
pub struct OomWatch {
    counter: File,
    /// v1 writes to an eventfd; the file of v2 is polled itself.
    signs: Option<OwnedFd>,
    known: u64,
    resting: Option<Instant>,
}

impl OomWatch {
    /// `None` where nobody counts: the container has no cgroup of the memory controller.
    pub fn new(path: &str) -> Option<Self> {
        let (dir, file) = counter(path)?;
        let counter = File::open(dir.join(file)).ok()?;
        let signs = match file {
            LEGACY => Some(subscribe(&dir, &counter)?),
            _ => None,
        };
        let mut watch = Self { counter, signs, known: 0, resting: None };
        // A file of v2 is ready until it has been read once.
        watch.known = watch.total().unwrap_or(0);
        Some(watch)
    }

    /// What is to be polled, and for what; nothing for a while after a sign.
    pub fn wanted(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match (&self.resting, &self.signs) {
            (Some(_), _) => None,
            (None, Some(signs)) => Some((signs.as_fd(), PollFlags::IN)),
            (None, None) => Some((self.counter.as_fd(), PollFlags::PRI)),
        }
    }

    /// When it is to be looked at again without a sign.
    pub fn deadline(&self) -> Option<Instant> {
        self.resting
    }

    /// Something has happened; true when more has been killed than was known.
    pub fn on_sign(&mut self) -> bool {
        if let Some(signs) = &self.signs {
            // How often does not matter, and what was read already is no news.
            let _count = rustix::io::read(signs, &mut [0u8; 8]);
        }
        self.resting = Some(Instant::now() + REST);
        self.has_news()
    }

    /// The rest is over.
    pub fn on_time(&mut self, now: Instant) -> bool {
        let over = self.resting.is_some_and(|until| until <= now);
        if over {
            self.resting = None;
        }
        over && self.has_news()
    }

    /// Whether more has been killed than was known.
    pub fn has_news(&mut self) -> bool {
        let before = self.known;
        self.known = self.total().map_or(before, |total| total.max(before));
        self.known > before
    }

    fn total(&self) -> Option<u64> {
        let mut text = [0u8; MOST_TEXT];
        let length = self.counter.read_at(&mut text, 0).ok()?;
        count(std::str::from_utf8(text.get(..length)?).ok()?)
    }
}

/// "OOM Control" of the kernel's Documentation/admin-guide/cgroup-v1/memory.rst.
fn subscribe(dir: &Path, counter: &File) -> Option<OwnedFd> {
    let signs = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
    set(dir, "cgroup.event_control", &format!("{} {}", signs.as_raw_fd(), counter.as_raw_fd())).ok()?;
    Some(signs)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn kills_are_counted_in_both_versions() {
        assert_eq!(count("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"), Some(2));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"), Some(0));
        assert_eq!(count("oom_kill_disable 1\n"), None);
    }
}
