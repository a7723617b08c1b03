//! Progress bars: on stderr, only on a terminal, only for work of more than a second.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long work may take before it is worth a bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a bar is drawn while nothing is reported.
const TICK: Duration = Duration::from_millis(250);
/// Redraws a second.
const REDRAWS: u8 = 10;

/// One piece of work that the user waits for.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    label: &'static str,
    unit: Unit,
    started: Instant,
    is_terminal: bool,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Steps of a computation.
    Steps,
}

impl Progress {
    /// Work on bytes.
    pub(crate) fn bytes(label: &'static str) -> Self {
        Self::new(label, Unit::Bytes)
    }

    /// Work in steps.
    pub(crate) fn steps(label: &'static str) -> Self {
        Self::new(label, Unit::Steps)
    }

    fn new(label: &'static str, unit: Unit) -> Self {
        Self { bar: None, label, unit, started: Instant::now(), is_terminal: io::stderr().is_terminal() }
    }

    /// Tells how far the work is; cheap, and silent until the user has waited for a second.
    pub(crate) fn at(&mut self, done: u64, total: Option<u64>) {
        if !self.is_terminal || (self.bar.is_none() && self.started.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| draw(self.label, self.unit, total, self.started.elapsed()));
        bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn draw(label: &'static str, unit: Unit, total: Option<u64>, elapsed: Duration) -> ProgressBar {
    let template = match (unit, total) {
        (Unit::Bytes, Some(_)) => "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
        (Unit::Bytes, None) => "{msg} {spinner} {bytes} {bytes_per_sec}",
        (Unit::Steps, Some(_)) => "{msg} [{bar:30}] {percent} % {elapsed}, {eta} left",
        (Unit::Steps, None) => "{msg} {spinner} {elapsed}",
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(REDRAWS)).with_elapsed(elapsed);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(label);
    // Between two reports the clock goes on.
    bar.enable_steady_tick(TICK);
    bar
}
