//! `keys`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use foretaste_keys::{Rate, Role};

use super::{JsonArg, examples};

/// Which keys, and what to do with them.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and print it, this once
    #[command(after_help = examples::KEYS_ADD)]
    Add(AddKeyArgs),
    /// List the keys that there are, without what they are
    #[command(after_help = examples::KEYS_LIST)]
    List(ListKeysArgs),
    /// Revoke a key, or all of a name
    #[command(after_help = examples::KEYS_REVOKE)]
    Revoke(RevokeKeyArgs),
}

/// `--keys`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct KeysFileArg {
    /// File that keeps the keys, as hashes [default: keys.json in the user's configuration folder]
    #[arg(long, value_name = "FILE", env = "FORETASTE_KEYS_FILE")]
    pub(crate) keys: Option<PathBuf>,
}

impl KeysFileArg {
    /// As it is where no flag can say it.
    pub(crate) fn of_the_environment() -> Self {
        Self { keys: std::env::var_os("FORETASTE_KEYS_FILE").map(PathBuf::from) }
    }
}

/// `keys add`
#[derive(Debug, Args)]
pub(crate) struct AddKeyArgs {
    /// Name of the client that gets the key; it may have two, while one takes over from the other
    pub(crate) name: String,
    /// What it allows: read (lists, predictions, figures), write (what changes data), admin (fits, which version serves)
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Role,
    /// When it ends: a span such as 90d, or a date such as 2027-01-31 (UTC) [default: never]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) expires: Option<String>,
    /// Requests that the keys of this name may make, such as 100/s, 600/min or 5000/h [default: any number]
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<Rate>,
    #[command(flatten)]
    pub(crate) file: KeysFileArg,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `keys list`
#[derive(Debug, Args)]
pub(crate) struct ListKeysArgs {
    #[command(flatten)]
    pub(crate) file: KeysFileArg,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// `keys revoke`
#[derive(Debug, Args)]
pub(crate) struct RevokeKeyArgs {
    /// Name of the client
    pub(crate) name: String,
    /// Which of two, by the id that `keys list` prints [default: all of that name]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) file: KeysFileArg,
}
