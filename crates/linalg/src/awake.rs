//! Threads that stay awake between short parallel loops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A thread that has found nothing to do for this long goes to sleep after all.
const PATIENCE: Duration = Duration::from_millis(2);
/// Looks for work between two looks at the clock.
const LOOKS: usize = 64;

/// Runs `work` while the other threads of the pool look for its tasks without going to sleep.
///
/// A sleeping thread takes 20 to 100 microseconds to wake, which is as long as most loops of a factorisation take. Those
/// that look give way to every other thread of the system, and to tasks of the pool that have nothing to do with `work`.
pub(crate) fn stay_awake<R>(work: impl FnOnce() -> R) -> R {
    let threads = rayon::current_num_threads();
    if threads == 1 {
        return work();
    }
    let done = AtomicBool::new(false);
    // A thread that waits for another within a task may find the task of another thread to stay awake: it has one.
    let awake: Vec<AtomicBool> = (0..threads).map(|_| AtomicBool::new(false)).collect();
    if let Some(own) = rayon::current_thread_index() {
        awake[own].store(true, Ordering::Relaxed);
    }
    rayon::in_place_scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| {
                let own = rayon::current_thread_index().and_then(|own| awake.get(own));
                if own.is_some_and(|own| !own.swap(true, Ordering::Relaxed)) {
                    look_for_work(&done);
                }
            });
        }
        let _end = End(&done);
        work()
    })
}

/// Does what tasks there are, until the end.
fn look_for_work(done: &AtomicBool) {
    let mut since = Instant::now();
    while !done.load(Ordering::Relaxed) {
        for _ in 0..LOOKS {
            match rayon::yield_now() {
                Some(rayon::Yield::Executed) => since = Instant::now(),
                _ => std::hint::spin_loop(),
            }
            if done.load(Ordering::Relaxed) {
                return;
            }
        }
        if since.elapsed() > PATIENCE {
            return;
        }
        std::thread::yield_now();
    }
}

/// Ends the search when work has, by return or by panic.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
