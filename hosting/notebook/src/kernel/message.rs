//! What kernels send, read as it came: only the parts that matter need have a known shape.

use bytes::Bytes;
use jupyter_zmq_client::{Connection, RawMessage, RuntimeError};
use serde::Deserialize;
use serde_json::value::RawValue;
use zeromq::SocketRecv;

/// A message from a kernel.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) kind: String,
    /// The id of the request that it belongs to; empty when it belongs to none.
    pub(super) parent: String,
    pub(super) content: Bytes,
}

#[derive(Deserialize)]
struct Header {
    msg_type: String,
}

#[derive(Default, Deserialize)]
struct Parent {
    #[serde(default)]
    msg_id: String,
}

/// `stream`
#[derive(Debug, Deserialize)]
pub(super) struct Stream {
    /// `stdout` or `stderr`; kernels that do not say mean the first.
    pub(super) name: Option<String>,
    pub(super) text: String,
}

/// `execute_result` and `display_data`
#[derive(Debug, Deserialize)]
pub(super) struct Display<'a> {
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

/// `status`
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) execution_state: String,
}

/// `error`, and a reply whose status is not `ok`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct CellError {
    /// The exception's name.
    #[serde(default, rename = "ename")]
    pub(crate) name: String,
    /// What it says.
    #[serde(default, rename = "evalue")]
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) traceback: Vec<String>,
}

/// `execute_reply`
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    pub(super) status: String,
    #[serde(flatten)]
    pub(super) error: CellError,
    #[serde(default)]
    pub(super) payload: Vec<Payload>,
}

/// What a cell asks of its front end.
#[derive(Debug, Deserialize)]
pub(super) struct Payload {
    #[serde(default)]
    pub(super) source: String,
    /// Whether the kernel is to go on without the front end.
    #[serde(default, rename = "keepkernel")]
    pub(super) keep: bool,
}

/// Waits for a message. Dropping the future loses none.
pub(super) async fn receive<S: SocketRecv>(from: &mut Connection<S>) -> Result<Incoming, RuntimeError> {
    let raw = RawMessage::from_multipart(from.socket.recv().await?, &from.mac)?;
    let [header, parent, _, content] = raw.jparts.get(..4).unwrap_or_default() else {
        return Err(RuntimeError::InsufficientMessageParts(raw.jparts.len()));
    };
    let header: Header = serde_json::from_slice(header)?;
    let parent: Parent = serde_json::from_slice(parent).unwrap_or_default();
    Ok(Incoming { kind: header.msg_type, parent: parent.msg_id, content: content.clone() })
}
