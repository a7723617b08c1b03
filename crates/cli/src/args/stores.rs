//! `fsck` and `backup`

use std::path::PathBuf;

use clap::Args;

/// Which store to look at.
#[derive(Debug, Args)]
pub(crate) struct FsckArgs {
    /// Folder of the store, as `serve --data-dir` names it
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// Which store to copy, and where to.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Folder of the store, as `serve --data-dir` names it
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Folder of the copy, which is not there yet or empty
    #[arg(value_name = "TO")]
    pub(crate) to: PathBuf,
}
