//! Why bytes are not a file of sections.

/// Why a file of sections could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// The file does not begin as a model file does.
    #[error("this is not a foretaste model file: it does not begin with `foretast`")]
    Magic,
    /// The format is newer than this program, or no version at all.
    #[error("the file has format version {found}, this foretaste reads 1 to {newest}")]
    Version {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        newest: u32,
    },
    /// The file is shorter or longer than it says itself.
    #[error("the file has {found} bytes, expected {expected}")]
    Truncated {
        /// Length of the file.
        found: u64,
        /// Length by its own header.
        expected: u64,
    },
    /// Bytes have changed since the file was written.
    #[error("the checksum of the {what} does not match: the file is damaged")]
    Checksum {
        /// The part of the file.
        what: &'static str,
    },
    /// The checksums hold, but the content breaks a rule of the format.
    #[error("the {what} hold {why}")]
    Corrupt {
        /// The part of the file.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The checksums hold, but the content breaks a rule of its own, such as that of a property.
    #[error("the {what} are broken: {why}")]
    Broken {
        /// The part of the file.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A part has the wrong number of entries.
    #[error("the {what} have {found} entries, expected {expected}")]
    Count {
        /// The part of the file.
        what: &'static str,
        /// Number of entries found.
        found: usize,
        /// Number of entries that belong there.
        expected: usize,
    },
    /// The content does not fit into the format.
    #[error("the {what} are too large for a model file: the format allows 4 GiB of text a table")]
    TooLarge {
        /// The part of the file.
        what: &'static str,
    },
}
