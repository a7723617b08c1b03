//! What a kernel shows besides the reply, line by line in the log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::process::one_line;

/// Most lines of one stream and one cell that are logged.
const MOST_LINES: usize = 100;
/// Most characters of a line that are logged.
const LINE_CHARS: usize = 2000;
/// Most bytes that wait for the end of their line.
const LINE_BYTES: usize = 8192;

/// Lines that all cells together may add to the log in a while: clients that cause them must not fill a disk.
static BUDGET: Mutex<Budget> = Mutex::new(Budget { since: None, lines: 0 });
const WHILE: Duration = Duration::from_secs(10);
const LINES_A_WHILE: usize = 1000;

#[derive(Debug)]
struct Budget {
    since: Option<Instant>,
    lines: usize,
}

/// Whether a line may be logged.
#[derive(Debug, PartialEq, Eq)]
enum Allowed {
    Yes,
    /// No, and that is to be told.
    NoMore,
    No,
}

impl Budget {
    fn take(&mut self, now: Instant) -> Allowed {
        if self.since.is_none_or(|since| now.duration_since(since) >= WHILE) {
            *self = Self { since: Some(now), lines: 0 };
        }
        self.lines = self.lines.saturating_add(1);
        match self.lines {
            ..=LINES_A_WHILE => Allowed::Yes,
            lines if lines == LINES_A_WHILE + 1 => Allowed::NoMore,
            _ => Allowed::No,
        }
    }
}

/// Takes one line off the budget; the end of the budget is told once.
fn may_log() -> bool {
    let allowed = BUDGET.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
    if allowed == Allowed::NoMore {
        tracing::warn!(
            "cells have shown more than {LINES_A_WHILE} lines within {} s: what follows is left out",
            WHILE.as_secs()
        );
    }
    allowed == Allowed::Yes
}

/// Whose code runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) kernel: usize,
    /// The id of the request, or what the code is run for.
    pub(crate) request: String,
    /// The cells, from 1.
    pub(crate) cells: String,
}

impl Origin {
    /// The cells of `numbers` on a kernel.
    pub(crate) fn new(kernel: usize, request: &str, numbers: &[usize]) -> Arc<Self> {
        let cells: Vec<String> = numbers.iter().map(usize::to_string).collect();
        Arc::new(Self { kernel, request: request.to_owned(), cells: cells.join(",") })
    }

    pub(super) fn log(&self, stream: &str, line: &str) {
        let Self { kernel, request, cells } = self;
        if !may_log() {
            return;
        }
        tracing::info!(kernel, request_id = request, cells, stream, "{}", shown(line));
    }

    /// Logs an error that ended a cell, with its traceback.
    pub(super) fn failed(&self, name: &str, value: &str, traceback: &[String]) {
        let Self { kernel, request, cells } = self;
        let what = shown(&format!("{name}: {value}"));
        if !may_log() {
            return;
        }
        tracing::warn!(kernel, request_id = request, cells, "a cell failed: {what}");
        let mut transcript = Transcript::new("traceback");
        for part in traceback {
            transcript.push(self, part);
            transcript.end(self);
        }
    }
}

/// The text of one stream on its way into the log.
#[derive(Debug)]
pub(super) struct Transcript {
    stream: &'static str,
    /// A line whose end has not come yet.
    begun: String,
    lines: usize,
}

impl Transcript {
    pub(super) fn new(stream: &'static str) -> Self {
        Self { stream, begun: String::new(), lines: 0 }
    }

    /// Takes what was shown next.
    pub(super) fn push(&mut self, origin: &Origin, text: &str) {
        if self.lines > MOST_LINES {
            return;
        }
        for part in text.split_inclusive('\n') {
            self.begun.push_str(part);
            if part.ends_with('\n') || self.begun.len() > LINE_BYTES {
                self.end(origin);
            }
        }
    }

    /// Logs what has no end yet.
    pub(super) fn end(&mut self, origin: &Origin) {
        let line = std::mem::take(&mut self.begun);
        // A bar that shows progress writes over itself.
        let line = line.trim_end().rsplit('\r').next().unwrap_or_default();
        if line.trim().is_empty() || self.lines > MOST_LINES {
            return;
        }
        self.lines += 1;
        if self.lines > MOST_LINES {
            origin.log(self.stream, "what follows is left out");
        } else {
            origin.log(self.stream, line);
        }
    }
}

/// A text on one line, shortened.
fn shown(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(LINE_CHARS) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_one_line_without_control_characters() {
        assert_eq!(shown("\u{1b}[31ma\tb\nc\u{7}\r"), "a b c");
        assert_eq!(shown(&"é".repeat(3000)).chars().count(), LINE_CHARS + 1);
    }

    #[test]
    fn all_lines_together_are_bounded_in_a_while() {
        let mut budget = Budget { since: None, lines: 0 };
        let now = Instant::now();
        assert!((0..LINES_A_WHILE).all(|_| budget.take(now) == Allowed::Yes));
        assert_eq!([budget.take(now), budget.take(now)], [Allowed::NoMore, Allowed::No]);
        assert_eq!(budget.take(now + WHILE), Allowed::Yes);
    }

    #[test]
    fn a_line_waits_for_its_end_and_only_so_many_are_logged() {
        let origin = Origin::new(1, "r", &[2, 3]);
        assert_eq!(origin.cells, "2,3");
        let mut transcript = Transcript::new("stderr");
        transcript.push(&origin, "one\ntw");
        assert_eq!((transcript.lines, transcript.begun.as_str()), (1, "tw"));
        transcript.push(&origin, "o\n");
        assert_eq!((transcript.lines, transcript.begun.as_str()), (2, ""));
        transcript.push(&origin, &"x\n".repeat(500));
        assert_eq!(transcript.lines, MOST_LINES + 1);
        transcript.push(&origin, &"x".repeat(50_000));
        assert!(transcript.begun.is_empty());
    }
}
