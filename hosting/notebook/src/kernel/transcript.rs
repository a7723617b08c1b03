//! What a kernel shows besides the reply, line by line in the log.

use std::sync::Arc;

use super::process::one_line;

/// Most lines of one stream and one cell that are logged.
const MOST_LINES: usize = 100;
/// Most characters of a line that are logged.
const LINE_CHARS: usize = 2000;
/// Most bytes that wait for the end of their line.
const LINE_BYTES: usize = 8192;

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
        tracing::info!(kernel, request_id = request, cells, stream, "{}", shown(line));
    }

    /// Logs an error that ended a cell, with its traceback.
    pub(super) fn failed(&self, name: &str, value: &str, traceback: &[String]) {
        let Self { kernel, request, cells } = self;
        let what = shown(&format!("{name}: {value}"));
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
