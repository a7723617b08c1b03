//! What a run of `evaluate` measures and says while it goes on.

use std::time::Duration;

use foretaste_eval::Observer;

use crate::machine;
use crate::output;

/// The run.
pub(in crate::commands) struct Watched {
    /// Number of folds.
    pub(in crate::commands) folds: usize,
}

impl Observer for Watched {
    fn cpu(&self) -> Duration {
        machine::cpu_time()
    }

    fn begins(&mut self, fold: usize, model: &str) {
        let of = if self.folds > 1 { format!(", fold {} of {}", fold + 1, self.folds) } else { String::new() };
        output::note(&format!("evaluating {model}{of}"));
    }
}
