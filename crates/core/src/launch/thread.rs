//! Threads that never end. `PR_SET_PDEATHSIG` fires when the *thread* that cloned the child ends, not the process: a
//! container launched from a short-lived thread would be killed with it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use crate::error::{Context, Error, Result};

type Job = Box<dyn FnOnce() + Send>;

/// Launches spend most of their time waiting for the kernel, so a few more threads than cores keep all of them busy.
const THREADS: usize = 4;

struct Pool {
    jobs: Sender<Job>,
    queue: &'static Mutex<Receiver<Job>>,
    started: usize,
}

static POOL: OnceLock<Mutex<Pool>> = OnceLock::new();

/// Runs `job` on a thread that lives as long as the process.
pub fn on_lasting_thread(job: impl FnOnce() + Send + 'static) -> Result<()> {
    let pool = POOL.get_or_init(|| {
        let (jobs, queue) = channel::<Job>();
        Mutex::new(Pool { jobs, queue: Box::leak(Box::new(Mutex::new(queue))), started: 0 })
    });
    let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.started < THREADS {
        let queue = pool.queue;
        thread::Builder::new()
            .name(format!("rcx-launch-{}", pool.started))
            .spawn(move || work(queue))
            .step("ERR_RCX_LAUNCH", "start a launch thread")?;
        pool.started += 1;
    }
    pool.jobs.send(Box::new(job)).map_err(|_| Error::new("ERR_RCX_LAUNCH", "hand a launch to its thread"))
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            // The sender is static: this cannot happen, and there would be nothing left to do.
            Err(_) => return,
        }
    }
}
