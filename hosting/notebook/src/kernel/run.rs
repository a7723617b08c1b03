//! One piece of code on its way through a kernel, and what it gave.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::{CellError, Display, Incoming, Reply, Status, Stream};
use super::transcript::{Origin, Transcript};
use crate::notebook::language::TOO_LARGE_KEY;

/// The name of the error of a cell that gave more than it may.
const TOO_LARGE: &str = "OutputTooLarge";
/// What a message may take for each byte of a text, since JSON escapes some; and for what stands around the text.
const JSON_GROWTH: usize = 2;
const JSON_FRAME: usize = 16 << 10;

/// The largest message of a reply of `most` bytes.
pub(crate) fn message_bytes(most: usize) -> usize {
    most.saturating_mul(JSON_GROWTH).saturating_add(JSON_FRAME)
}

/// What a cell gave.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Everything printed to standard output.
    pub(crate) printed: String,
    /// The MIME bundle of the cell's value, as JSON.
    pub(crate) value: Option<Box<RawValue>>,
    /// The MIME bundle of what it displayed last.
    pub(crate) displayed: Option<Box<RawValue>>,
    pub(crate) error: Option<CellError>,
    /// Whether the kernel will end because the cell said so.
    pub(crate) ends_kernel: bool,
    /// Bytes that the reply may still have.
    pub(crate) left: usize,
}

impl Output {
    /// Makes room for `bytes`, or replaces everything by an error.
    fn has_room(&mut self, bytes: usize, most: usize) -> bool {
        if let Some(left) = self.left.checked_sub(bytes) {
            self.left = left;
            return true;
        }
        if !self.is_too_large() {
            let value = format!(
                "the cells gave more than the {most} bytes that a reply may have; `--max-output`, or `max_output` of a specification, allows more"
            );
            self.error = Some(CellError { name: TOO_LARGE.to_owned(), value, traceback: Vec::new() });
        }
        (self.printed, self.value, self.displayed, self.left) = (String::new(), None, None, 0);
        false
    }

    fn is_too_large(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.name == TOO_LARGE)
    }
}

/// A piece of code that was sent.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) id: String,
    pub(super) origin: Arc<Origin>,
    replied: bool,
    idle: bool,
    /// Bytes that were allowed.
    most: usize,
    stderr: Transcript,
    pub(crate) output: Output,
}

impl Run {
    pub(super) fn sent(id: String, origin: Arc<Origin>, most: usize) -> Self {
        let output = Output { left: most, ..Output::default() };
        Self { id, origin, replied: false, idle: false, most, stderr: Transcript::new("stderr"), output }
    }

    /// Whether the kernel has replied and nothing more will come.
    pub(crate) fn is_done(&self) -> bool {
        self.replied && self.idle
    }

    /// Whether what the kernel publishes about the run has arrived to the end.
    pub(super) fn is_published(&self) -> bool {
        self.idle
    }

    /// Takes a message that belongs to this run.
    pub(super) fn take(&mut self, message: &Incoming) {
        let was_too_large = self.output.is_too_large();
        self.note(message);
        if let Some(error) = self.output.error.as_ref().filter(|_| !was_too_large && self.output.is_too_large()) {
            self.origin.failed(&error.name, &error.value, &[]);
        }
    }

    fn note(&mut self, message: &Incoming) {
        let is_reply = message.kind == "execute_reply";
        self.replied |= is_reply;
        let output = &mut self.output;
        if message.content.len() > message_bytes(output.left) || message.was_too_large() {
            // It is not even read.
            output.has_room(usize::MAX, self.most);
            return;
        }
        match message.kind.as_str() {
            "status" => {
                if let Some(Status { execution_state }) = message.read() {
                    self.idle |= execution_state == "idle";
                }
            }
            "stream" => match message.read() {
                Some(Stream { name: Some(name), text }) if name != "stdout" => self.stderr.push(&self.origin, &text),
                Some(Stream { text, .. }) if output.has_room(text.len(), self.most) => output.printed.push_str(&text),
                _ => {}
            },
            "execute_result" => {
                if let Some(value) = message.read().and_then(|Display { data }| bundle(output, data, self.most)) {
                    output.value = Some(value);
                }
            }
            "display_data" | "update_display_data" => {
                // What is shown next stands for what was shown before.
                output.left += output.displayed.take().map_or(0, |before| before.get().len());
                if let Some(shown) = message.read().and_then(|Display { data }| bundle(output, data, self.most)) {
                    output.displayed = Some(shown);
                }
            }
            "error" if !output.is_too_large() => {
                let error: CellError = message.read().unwrap_or_default();
                self.origin.failed(&error.name, &error.value, &error.traceback);
                if output.has_room(error.name.len() + error.value.len(), self.most) {
                    output.error = Some(CellError { traceback: within(error.traceback, output.left), ..error });
                }
            }
            "execute_reply" => match message.read() {
                Some(Reply { status, payload, .. }) if status == "ok" => {
                    output.ends_kernel |= payload.iter().any(|payload| payload.source == "ask_exit" && !payload.keep);
                }
                Some(Reply { status, mut error, .. }) => {
                    if error.name.is_empty() {
                        error.name = status;
                    }
                    output.error.get_or_insert(error);
                }
                // A reply is the end of the run, whatever it says.
                None => {}
            },
            _ => {}
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.stderr.end(&self.origin);
    }
}

/// A MIME bundle, if there is room for it.
fn bundle(output: &mut Output, data: &RawValue, most: usize) -> Option<Box<RawValue>> {
    output.has_room(data.get().len(), most).then(|| data.to_owned())
}

/// The first lines of a traceback that have room.
fn within(mut traceback: Vec<String>, mut left: usize) -> Vec<String> {
    let fits = traceback.iter().take_while(|line| {
        let fits = line.len() <= left;
        left = left.saturating_sub(line.len());
        fits
    });
    let count = fits.count();
    traceback.truncate(count);
    traceback
}

impl Incoming {
    /// Whether the kernel sent this in place of a message that was too large.
    fn was_too_large(&self) -> bool {
        let key = self.content.strip_prefix(b"{\"");
        key.is_some_and(|key| key.starts_with(TOO_LARGE_KEY.as_bytes()))
    }

    fn read<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        match serde_json::from_slice(&self.content) {
            Ok(content) => Some(content),
            Err(error) => {
                tracing::debug!(kind = self.kind, %error, "a message of the kernel cannot be read");
                None
            }
        }
    }

    /// Logs what belongs to no code that runs: what a thread of `origin` shows after its reply.
    pub(super) fn log_late(&self, origin: &Origin) {
        match self.kind.as_str() {
            "stream" => {
                if let Some(Stream { name, text }) = self.read() {
                    let mut transcript = Transcript::new(match name.as_deref() {
                        Some("stderr") => "stderr after the reply",
                        _ => "stdout after the reply",
                    });
                    transcript.push(origin, &text);
                    transcript.end(origin);
                }
            }
            "display_data" | "update_display_data" => origin.log("display after the reply", "it is in no reply"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_within(most: usize, messages: &[(&str, &str)]) -> Run {
        let mut run = Run::sent("id".to_owned(), Origin::new(1, "r", &[1]), most);
        for (kind, content) in messages {
            let content = bytes::Bytes::copy_from_slice(content.as_bytes());
            run.take(&Incoming { kind: (*kind).to_owned(), parent: "id".to_owned(), content });
        }
        run
    }

    fn run_of(messages: &[(&str, &str)]) -> Run {
        run_within(1 << 20, messages)
    }

    #[test]
    fn printed_text_is_joined_and_standard_error_kept_out() {
        let run = run_of(&[
            ("stream", r#"{"name": "stdout", "text": "a\n"}"#),
            ("stream", r#"{"name": "stderr", "text": "no"}"#),
            ("stream", r#"{"text": "b"}"#),
            ("execute_result", r#"{"data": {"text/plain": "2"}, "odd": []}"#),
        ]);
        assert_eq!(run.output.printed, "a\nb");
        assert_eq!(run.output.value.as_ref().unwrap().get(), r#"{"text/plain": "2"}"#);
        assert!(!run.is_done());
    }

    #[test]
    fn a_run_ends_with_its_reply_and_idle_in_any_order_and_shape() {
        let idle = ("status", r#"{"execution_state": "idle"}"#);
        assert!(run_of(&[idle, ("execute_reply", r#"{"status": "ok"}"#)]).is_done());
        assert!(run_of(&[("execute_reply", "[]"), idle]).is_done());
        let aborted = run_of(&[("execute_reply", r#"{"status": "aborted"}"#), idle]);
        assert_eq!(aborted.output.error.as_ref().unwrap().name, "aborted");
    }

    #[test]
    fn the_first_message_about_an_error_counts() {
        let run = run_of(&[
            ("error", r#"{"ename": "ValueError", "evalue": "v", "traceback": ["t"]}"#),
            ("execute_reply", r#"{"status": "error", "ename": "Other", "evalue": ""}"#),
        ]);
        let error = run.output.error.as_ref().unwrap();
        assert_eq!((error.name.as_str(), error.value.as_str(), error.traceback.len()), ("ValueError", "v", 1));
    }

    #[test]
    fn the_last_display_counts() {
        let run = run_of(&[
            ("display_data", r#"{"data": {"text/html": "<b>1</b>"}, "metadata": {}}"#),
            ("update_display_data", r#"{"data": {"text/html": "<b>2</b>"}, "metadata": {}}"#),
        ]);
        assert_eq!(run.output.displayed.as_ref().unwrap().get(), r#"{"text/html": "<b>2</b>"}"#);
    }

    #[test]
    fn a_cell_that_asks_the_kernel_to_end_is_known_by_it() {
        let asks = |payload: &str| {
            let reply = format!(r#"{{"status": "ok", "payload": [{payload}]}}"#);
            run_of(&[("execute_reply", &reply)]).output.ends_kernel
        };
        assert!(asks(r#"{"source": "ask_exit", "keepkernel": false}"#));
        assert!(!asks(r#"{"source": "ask_exit", "keepkernel": true}"#));
        assert!(!asks(r#"{"source": "page", "data": {}}"#) && !asks(""));
    }

    #[test]
    fn one_bound_holds_for_all_messages_of_a_reply() {
        let x = |n| "x".repeat(n);
        let printed = format!(r#"{{"name": "stdout", "text": "{}"}}"#, x(60));
        let bundle = format!(r#"{{"data": {{"text/plain": "{}"}}}}"#, x(60));
        let error = format!(r#"{{"ename": "E", "evalue": "{}", "traceback": []}}"#, x(110));
        let name = |messages: &[(&str, &str)]| {
            let run = run_within(100, messages);
            run.output.error.as_ref().map(|error| error.name.clone())
        };
        let too_large = Some(TOO_LARGE.to_owned());
        assert_eq!(name(&[("stream", &printed)]), None);
        assert_eq!(name(&[("stream", &printed), ("stream", &printed)]), too_large);
        assert_eq!(name(&[("stream", &printed), ("execute_result", &bundle)]), too_large);
        assert_eq!(name(&[("stream", &printed), ("display_data", &bundle)]), too_large);
        assert_eq!(name(&[("display_data", &bundle), ("display_data", &bundle)]), None);
        assert_eq!(name(&[("error", &error)]), too_large);
        let huge = format!(r#"{{"data": {{"text/plain": "{}"}}}}"#, x(100_000));
        let run = run_within(100, &[("execute_result", &huge), ("stream", &printed), ("execute_reply", &huge)]);
        assert!(run.replied && run.output.printed.is_empty() && run.output.value.is_none());
        assert_eq!(name(&[("stream", r#"{"foretaste_too_large": true, "status": "error"}"#)]), too_large);
        let says = "the cells gave more than the 100 bytes that a reply may have; `--max-output`, or `max_output` of a specification, allows more";
        assert_eq!(run.output.error.as_ref().unwrap().value, says);
    }
}
