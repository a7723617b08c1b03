//! Lines of the log that repeat the one before: not written again, but counted.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long a repeated line may stay untold.
const UNTOLD: Duration = Duration::from_secs(5);

/// Writes whole lines, and of those that differ from the one before by their time alone the last, with their number.
pub(super) struct Repeats<W>(Arc<Shared<W>>);

struct Shared<W> {
    state: Mutex<State<W>>,
    repeated: Condvar,
}

struct State<W> {
    to: W,
    /// The last line that was written.
    written: Vec<u8>,
    /// The last line that was not, and how many there were.
    latest: Vec<u8>,
    untold: u64,
}

impl<W> Clone for Repeats<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write + Send + 'static> Repeats<W> {
    /// Starts to tell of repeated lines, in a thread of its own, a while after the first of them.
    pub(super) fn start(to: W) -> io::Result<Self> {
        let state = State { to, written: Vec::new(), latest: Vec::new(), untold: 0 };
        let repeats = Self(Arc::new(Shared { state: Mutex::new(state), repeated: Condvar::new() }));
        let shared = Arc::clone(&repeats.0);
        thread::Builder::new().name("repeats".to_owned()).spawn(move || {
            let mut state = shared.state();
            loop {
                state = shared
                    .repeated
                    .wait_while(state, |state| state.untold == 0)
                    .unwrap_or_else(PoisonError::into_inner);
                let waited = shared.repeated.wait_timeout_while(state, UNTOLD, |state| state.untold > 0);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                // A log that cannot be written to is told to no reader.
                let _ = state.tell();
            }
        })?;
        Ok(repeats)
    }

    /// Tells of what was repeated, now.
    pub(super) fn tell(&self) -> io::Result<()> {
        self.0.state().tell()
    }
}

impl<W> Shared<W> {
    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> State<W> {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if timeless(line) == timeless(&self.written) {
            line.clone_into(&mut self.latest);
            self.untold += 1;
            return Ok(());
        }
        self.tell()?;
        line.clone_into(&mut self.written);
        self.to.write_all(line)
    }

    fn tell(&mut self) -> io::Result<()> {
        let untold = std::mem::take(&mut self.untold);
        if untold == 0 { Ok(()) } else { self.to.write_all(&counted(&self.latest, untold)) }
    }
}

impl<'a, W: Write + Send + 'static> MakeWriter<'a> for Repeats<W> {
    type Writer = Line<W>;

    fn make_writer(&'a self) -> Line<W> {
        Line(Arc::clone(&self.0))
    }
}

/// Takes one line, in one piece as the subscriber writes it.
pub(super) struct Line<W>(Arc<Shared<W>>);

impl<W: Write> Write for Line<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.state();
        state.line(line)?;
        if state.untold == 1 {
            self.0.repeated.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.state().to.flush()
    }
}

/// A line without its time, which stands before everything else that differs and ends in the first `Z`.
fn timeless(line: &[u8]) -> &[u8] {
    line.iter().position(|&byte| byte == b'Z').map_or(line, |end| &line[end..])
}

/// The last of several equal lines, with their number and its time.
fn counted(line: &[u8], number: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    let counted = match text.strip_suffix('}').filter(|_| text.starts_with('{')) {
        // The time of the line is that of the last.
        Some(fields) => format!("{fields},\"repeated\":{number}}}\n"),
        None => {
            // Colours, if there are any, begin with an escape and end with the first `m`.
            let begin = if text.starts_with('\u{1b}') { text.find('m').map_or(0, |end| end + 1) } else { 0 };
            let time = text.find('Z').and_then(|end| text.get(begin..=end)).unwrap_or_default();
            let times = if number == 1 { "time" } else { "times" };
            format!("{text} (repeated {number} {times}, last at {time})\n")
        }
    };
    counted.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written when these lines come.
    fn written(lines: &[&str]) -> String {
        let mut state = State { to: Vec::new(), written: Vec::new(), latest: Vec::new(), untold: 0 };
        for line in lines {
            state.line(format!("{line}\n").as_bytes()).unwrap();
        }
        state.tell().unwrap();
        String::from_utf8(state.to).unwrap()
    }

    #[test]
    fn equal_lines_are_written_once_and_counted() {
        let lines = [
            "2026-11-28T10:00:00.1Z  INFO a: b n=1",
            "2026-11-28T10:00:01.2Z  INFO a: b n=1",
            "2026-11-28T10:00:02.3Z  INFO a: b n=1",
            "2026-11-28T10:00:03.4Z  INFO a: b n=2",
            "2026-11-28T10:00:04.5Z  INFO a: b n=1",
            "2026-11-28T10:00:05.6Z  INFO a: b n=1",
        ];
        let expected = "2026-11-28T10:00:00.1Z  INFO a: b n=1\n\
                        2026-11-28T10:00:02.3Z  INFO a: b n=1 (repeated 2 times, last at 2026-11-28T10:00:02.3Z)\n\
                        2026-11-28T10:00:03.4Z  INFO a: b n=2\n\
                        2026-11-28T10:00:04.5Z  INFO a: b n=1\n\
                        2026-11-28T10:00:05.6Z  INFO a: b n=1 (repeated 1 time, last at 2026-11-28T10:00:05.6Z)\n";
        assert_eq!(written(&lines), expected);
        assert_eq!(written(&lines[..1]), format!("{}\n", lines[0]));
    }

    #[test]
    fn a_line_of_json_stays_one_and_colours_are_no_time() {
        let line = |second| format!(r#"{{"timestamp":"2026-11-28T10:00:0{second}.0Z","level":"INFO","message":"m"}}"#);
        let found = written(&[&line(0), &line(1), &line(2)]);
        let last: serde_json::Value = serde_json::from_str(found.lines().nth(1).unwrap()).unwrap();
        assert_eq!((&last["repeated"], &last["timestamp"]), (&2.into(), &"2026-11-28T10:00:02.0Z".into()));
        let coloured = |second| format!("\u{1b}[2m2026-11-28T10:00:0{second}Z\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m m");
        assert!(written(&[&coloured(0), &coloured(1)]).ends_with("(repeated 1 time, last at 2026-11-28T10:00:01Z)\n"));
    }

    #[test]
    fn what_is_repeated_is_told_after_a_while_though_nothing_else_comes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let repeats = Repeats::start(file.reopen().unwrap()).unwrap();
        for _ in 0..3 {
            repeats.make_writer().write_all(b"1Z x\n").unwrap();
        }
        let told = || std::fs::read_to_string(file.path()).unwrap().lines().count();
        assert_eq!(told(), 1);
        let until = std::time::Instant::now() + 4 * UNTOLD;
        while told() < 2 {
            assert!(std::time::Instant::now() < until);
            thread::sleep(Duration::from_millis(20));
        }
    }
}
