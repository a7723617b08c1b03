//! Keys that let clients in. A key is 160 random bits, shown once to whom it is made for; what is kept is its hash, with a
//! name, a role, and, where they are stated, an end and a rate. Whoever looks for a key does so through [`KeyStore`]: today a
//! [`WatchedFile`], tomorrow whatever holds a [`Key`].

mod error;
mod file;
mod key;
mod rate;
mod role;
mod secret;
mod set;
mod watched;

use std::fmt::Debug;

pub use error::{FileError, KeyError};
pub use file::KeyFile;
pub use key::Key;
pub use rate::Rate;
pub use role::Role;
pub use secret::{KeyHash, Secret};
pub use set::{Keys, MOST_A_NAME};
pub use watched::WatchedFile;

/// Where keys are looked for.
pub trait KeyStore: Debug + Send + Sync {
    /// The key with that hash, whether it has ended or not.
    fn find(&self, hash: &KeyHash) -> Option<Key>;
}
