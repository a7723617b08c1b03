//! One piece of code on its way through a kernel, and what it gave.

use serde::de::DeserializeOwned;

use super::message::{CellError, ExecuteResult, Incoming, Reply, Status, Stream};

/// Most bytes that a cell may print.
const MOST_PRINTED: usize = 64 << 20;

/// What a cell gave.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Everything printed to standard output.
    pub(crate) printed: String,
    /// The MIME bundle of the cell's value, as JSON.
    pub(crate) value: Option<String>,
    pub(crate) error: Option<CellError>,
}

/// A piece of code that was sent.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) id: String,
    replied: bool,
    idle: bool,
    pub(crate) output: Output,
}

impl Run {
    pub(super) fn sent(id: String) -> Self {
        Self { id, replied: false, idle: false, output: Output::default() }
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
        let output = &mut self.output;
        match message.kind.as_str() {
            "status" => {
                if let Some(Status { execution_state }) = read(message) {
                    self.idle |= execution_state == "idle";
                }
            }
            "stream" => {
                if let Some(Stream { name, text }) = read(message)
                    && name.is_none_or(|name| name == "stdout")
                {
                    if output.printed.len() + text.len() <= MOST_PRINTED {
                        output.printed.push_str(&text);
                    } else {
                        let value = format!("the cell printed more than {MOST_PRINTED} bytes");
                        let name = "OutputTooLarge".to_owned();
                        output.error.get_or_insert(CellError { name, value, traceback: Vec::new() });
                    }
                }
            }
            "execute_result" => {
                if let Some(ExecuteResult { data }) = read(message) {
                    output.value = Some(data.get().to_owned());
                }
            }
            "error" => output.error = read(message).or_else(|| Some(CellError::default())),
            "execute_reply" => {
                self.replied = true;
                match read(message) {
                    Some(Reply { status, .. }) if status == "ok" => {}
                    Some(Reply { status, mut error }) => {
                        if error.name.is_empty() {
                            error.name = status;
                        }
                        output.error.get_or_insert(error);
                    }
                    // A reply is the end of the run, whatever it says.
                    None => {}
                }
            }
            _ => {}
        }
    }
}

fn read<T: DeserializeOwned>(message: &Incoming) -> Option<T> {
    match serde_json::from_slice(&message.content) {
        Ok(content) => Some(content),
        Err(error) => {
            tracing::debug!(kind = message.kind, %error, "a message of the kernel cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_of(messages: &[(&str, &str)]) -> Run {
        let mut run = Run::sent("id".to_owned());
        for (kind, content) in messages {
            let content = bytes::Bytes::copy_from_slice(content.as_bytes());
            run.take(&Incoming { kind: (*kind).to_owned(), parent: "id".to_owned(), content });
        }
        run
    }

    #[test]
    fn printed_text_is_joined_and_standard_error_dropped() {
        let run = run_of(&[
            ("stream", r#"{"name": "stdout", "text": "a\n"}"#),
            ("stream", r#"{"name": "stderr", "text": "no"}"#),
            ("stream", r#"{"text": "b"}"#),
            ("execute_result", r#"{"data": {"text/plain": "2"}, "odd": []}"#),
        ]);
        assert_eq!(run.output.printed, "a\nb");
        assert_eq!(run.output.value.as_deref(), Some(r#"{"text/plain": "2"}"#));
        assert!(!run.is_done());
    }

    #[test]
    fn a_run_ends_with_its_reply_and_idle_in_any_order_and_shape() {
        let idle = ("status", r#"{"execution_state": "idle"}"#);
        assert!(run_of(&[idle, ("execute_reply", r#"{"status": "ok"}"#)]).is_done());
        assert!(run_of(&[("execute_reply", "[]"), idle]).is_done());
        let aborted = run_of(&[("execute_reply", r#"{"status": "aborted"}"#), idle]);
        assert_eq!(aborted.output.error.unwrap().name, "aborted");
    }

    #[test]
    fn the_first_message_about_an_error_counts() {
        let run = run_of(&[
            ("error", r#"{"ename": "ValueError", "evalue": "v", "traceback": ["t"]}"#),
            ("execute_reply", r#"{"status": "error", "ename": "Other", "evalue": ""}"#),
        ]);
        let error = run.output.error.unwrap();
        assert_eq!((error.name.as_str(), error.value.as_str(), error.traceback.len()), ("ValueError", "v", 1));
    }
}
