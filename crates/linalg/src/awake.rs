//! Threads that stay awake between short parallel loops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A thread that has found nothing to do for this long goes to sleep after all.
const PATIENCE: Duration = Duration::from_millis(2);
/// Threads that stay awake at most: loops have little more tasks, and each that looks disturbs the others.
const MOST: usize = 16;
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
    let places = Places::default();
    places.take();
    rayon::in_place_scope(|scope| {
        for _ in 1..threads.min(MOST) {
            scope.spawn(|_| {
                let own = rayon::current_thread_index().and_then(|own| awake.get(own));
                if own.is_some_and(|own| !own.swap(true, Ordering::Relaxed)) {
                    places.take();
                    look_for_work(&done);
                }
            });
        }
        let _end = End(&done);
        // A thread that was woken on this CPU finds itself another one.
        std::thread::yield_now();
        work()
    })
}

/// The CPUs that threads of the loops are on. The system may wake a thread on the CPU of the one that wakes it, and leaves it
/// there for milliseconds while another CPU has nothing to do: as long as a small factorisation takes.
#[derive(Default)]
struct Places(Mutex<Vec<usize>>);

impl Places {
    /// Takes the CPU that this thread is on; where that is taken, moves to one that it may use and that is not. The system may
    /// move it on at any time.
    #[cfg(target_os = "linux")]
    fn take(&self) {
        use rustix::thread::{sched_getaffinity, sched_getcpu, sched_setaffinity};

        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut here = sched_getcpu();
        if taken.contains(&here)
            && let Ok(allowed) = sched_getaffinity(None)
        {
            let mut free = allowed;
            taken.iter().for_each(|&cpu| free.unset(cpu));
            // A system that refuses leaves the thread where it is.
            if free.count() > 0 && sched_setaffinity(None, &free).is_ok() {
                here = sched_getcpu();
                let _ = sched_setaffinity(None, &allowed);
            }
        }
        taken.push(here);
    }

    /// Takes nothing: this system does not say where a thread is.
    #[cfg(not(target_os = "linux"))]
    fn take(&self) {}
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use rayon::prelude::*;

    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn work_has_its_result_in_any_pool_and_within_other_work() {
        let sum = || (0..1000u32).into_par_iter().with_max_len(1).sum::<u32>();
        for threads in [1, 2, 5, 20] {
            let found = pool(threads).install(|| stay_awake(|| sum() + stay_awake(sum)));
            assert_eq!(found, 999_000, "{threads} threads");
        }
        assert_eq!(stay_awake(sum), 499_500, "outside of a pool");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_on_a_taken_cpu_moves_to_another_and_keeps_what_it_may_use() {
        let allowed = || rustix::thread::sched_getaffinity(None).unwrap();
        let (before, places) = (allowed(), Places::default());
        places.take();
        places.take();
        let taken = places.0.into_inner().unwrap();
        assert!(before.count() == 1 || taken[0] != taken[1], "{taken:?}");
        assert_eq!(allowed(), before);
    }

    #[test]
    fn work_that_panics_lets_the_threads_go() {
        let pool = pool(3);
        let stopped =
            catch_unwind(AssertUnwindSafe(|| pool.install(|| stay_awake(|| resume_unwind(Box::new("stop"))))));
        assert!(stopped.is_err());
        assert_eq!(pool.install(|| rayon::join(|| 1, || 2)), (1, 2));
    }
}
