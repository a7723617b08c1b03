//! Why a published data set could not be had.

use std::io;
use std::path::PathBuf;

/// Why a published data set could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ObtainError {
    /// There is no folder to keep downloads in.
    #[error("this user has no home folder to keep downloads in; name one with {variable}")]
    NoHome {
        /// The environment variable that names one.
        variable: &'static str,
    },
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `make the cache folder`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The source cannot be reached.
    #[error(
        "cannot reach {url}: {why}. Without network there is `demo`; any file or folder you have works too, \
         and --mirror URL names another source"
    )]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What the client says.
        why: String,
    },
    /// The source does not have it.
    #[error("{url} does not exist (404)")]
    NotThere {
        /// What was asked for.
        url: String,
    },
    /// The source answers with another status than 200.
    #[error("{url} answers with status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
    },
    /// The file beside the archive that should hold its sum does not.
    #[error("{url} holds no MD5 sum, so the archive beside it cannot be checked")]
    NoSum {
        /// The file of the sum.
        url: String,
    },
    /// The archive is longer than any that is known.
    #[error("{url} announces {announced} bytes, expected at most {most}")]
    TooLong {
        /// The archive.
        url: String,
        /// Bytes announced.
        announced: u64,
        /// Most bytes accepted.
        most: u64,
    },
    /// The connection ended before the archive did.
    #[error("{url} broke off after {got} bytes{}", of(*announced))]
    BrokeOff {
        /// The archive.
        url: String,
        /// Bytes that came.
        got: u64,
        /// Bytes announced.
        announced: Option<u64>,
        /// What the system answered, where it did.
        #[source]
        source: Option<io::Error>,
    },
    /// Another archive came than the one that was published.
    #[error(
        "{url} is not what was published: its MD5 sum is {found}, expected {expected}; the {bytes} bytes that came were \
         thrown away"
    )]
    Sum {
        /// The archive.
        url: String,
        /// The sum found.
        found: String,
        /// The sum published.
        expected: String,
        /// Length of what came.
        bytes: u64,
    },
    /// The archive cannot be read as zip.
    #[error("the archive is damaged")]
    Damaged {
        /// What the reader says.
        #[source]
        source: zip::result::ZipError,
    },
    /// The archive's sum is right, and its content is not what is expected.
    #[error("{why}")]
    Content {
        /// What is wrong with it.
        why: String,
    },
}

impl ObtainError {
    /// Whether the source is at fault, rather than this machine.
    #[must_use]
    pub fn is_of_the_source(&self) -> bool {
        !matches!(self, Self::NoHome { .. } | Self::Io { .. })
    }
}

fn of(announced: Option<u64>) -> String {
    announced.map_or_else(String::new, |length| format!(" of {length}"))
}
