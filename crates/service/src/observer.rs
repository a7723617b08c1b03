//! What happens in the running system, reported to an observer that counts it.

use std::fmt::Debug;
use std::time::Duration;

use foretaste::recommend::Provenance;

/// Counts what happens. Each method returns at once and does nothing by default.
pub trait Observer: Debug + Send + Sync {
    /// A request was refused because the queue of the scoring pool was full.
    fn scoring_refused(&self) {}

    /// A request was dropped because it had waited too long.
    fn scoring_dropped(&self) {}

    /// A request was scored, after a wait in the queue.
    fn scored(&self, waited: Duration, ran: Duration) {
        let _ = (waited, ran);
    }

    /// A fit failed.
    fn fit_failed(&self) {}

    /// The version of that number serves from now on.
    fn serves(&self, number: u64, provenance: &Provenance) {
        let _ = (number, provenance);
    }
}

/// Counts nothing.
impl Observer for () {}
