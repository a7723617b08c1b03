//! What is wrong with a key, or with the file that keeps keys.

use std::io;
use std::path::PathBuf;

use crate::{MOST_A_NAME, Role};

/// What cannot be a key, or be done with one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a name.
    #[error("`{found}` is no name of a key, allowed are 1 to 64 letters, digits, `.`, `_` and `-`")]
    Name {
        /// What was given.
        found: String,
    },
    /// Not a role.
    #[error("`{found}` is no role, allowed are read, write and admin")]
    Role {
        /// What was given.
        found: String,
    },
    /// Not a rate.
    #[error(
        "`{found}` is no rate, expected 1 to 1000000 requests a second, minute or hour, such as 100/s, 600/min or 5000/h"
    )]
    Rate {
        /// What was given.
        found: String,
    },
    /// Not an end, or one that has passed.
    #[error(
        "`{found}` is no end of a key: {why}; expected a time to come, such as 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z"
    )]
    End {
        /// What was given.
        found: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not a hash.
    #[error("`{found}` is no hash of a key, expected 64 hexadecimal digits")]
    Hash {
        /// What was given.
        found: String,
    },
    /// The name has all the keys that it may have.
    #[error("`{name}` has {MOST_A_NAME} keys, which is the most; revoke one of {}, as in `foretaste keys revoke {name} {}`", ids.join(", "), ids.first().map_or("", |id| id))]
    TooMany {
        /// The name.
        name: String,
        /// The ids of its keys, the oldest first.
        ids: Vec<String>,
    },
    /// Both keys of a name have one role.
    #[error(
        "`{name}` has a key of role {found}, so that another cannot be of role {asked}; take another name, or revoke it first"
    )]
    OtherRole {
        /// The name.
        name: String,
        /// The role that it has.
        found: Role,
        /// The role that was asked for.
        asked: Role,
    },
    /// There is no such key.
    #[error("there is no key `{name}`; there are {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") })]
    Unknown {
        /// The name.
        name: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// The name has no key of that id.
    #[error("`{name}` has no key with the id `{id}`, it has {}", ids.join(", "))]
    UnknownId {
        /// The name.
        name: String,
        /// The id.
        id: String,
        /// The ids of its keys.
        ids: Vec<String>,
    },
    /// The system has no random bits.
    #[error("the system gives no random bits: {reason}")]
    Random {
        /// What it says.
        reason: String,
    },
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("the keys in {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It cannot be written.
    #[error("the keys cannot be written to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It holds something else.
    #[error("{} holds no keys: {reason}; `foretaste keys add` writes such a file", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Others could let themselves in.
    #[error("{} can be written by others (its mode is {mode:04o}), who could add a key of their own; `chmod go-w` mends that", path.display())]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What was asked for cannot be done.
    #[error(transparent)]
    Key(#[from] KeyError),
}
