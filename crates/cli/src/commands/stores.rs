//! `foretaste fsck` and `foretaste backup`: a store looked at and copied, also while a service writes to it.

use std::io::Write;

use anyhow::{Result, anyhow};
use foretaste_store::{SqliteReader, StoreError};

use crate::args::{BackupArgs, FsckArgs};
use crate::exit::{Exit, coded};
use crate::output::{self, count, counted, printable};

pub(super) fn fsck(args: &FsckArgs) -> Result<()> {
    let store = SqliteReader::open(&args.folder).map_err(refused)?;
    let faults = store.check().map_err(refused)?;
    let mut out = output::stdout();
    for fault in &faults {
        writeln!(out, "{}", printable(&fault.0))?;
    }
    if faults.is_empty() {
        writeln!(out, "every row of {} is as it was written", args.folder.display())?;
        return Ok(out.flush()?);
    }
    out.flush()?;
    Err(coded(Exit::Data, anyhow!("{} of {}", counted(faults.len(), "fault"), args.folder.display())))
}

pub(super) fn backup(args: &BackupArgs) -> Result<()> {
    let store = SqliteReader::open(&args.folder).map_err(refused)?;
    store.backup(&args.to).map_err(refused)?;
    let copy = SqliteReader::open(&args.to).map_err(refused)?;
    // What was copied is looked at before it is relied on.
    let faults = copy.check().map_err(refused)?;
    if !faults.is_empty() {
        let found = count(faults.len());
        return Err(coded(Exit::Data, anyhow!("the copy in {} has {found} faults", args.to.display())));
    }
    let mut out = output::stdout();
    writeln!(out, "copied {} to {}; every row is as it was written", args.folder.display(), args.to.display())?;
    Ok(out.flush()?)
}

/// An error of a store with its exit code.
pub(super) fn refused(error: StoreError) -> anyhow::Error {
    let exit = match error {
        StoreError::Damaged(_) | StoreError::Newer { .. } | StoreError::NoStore { .. } => Exit::Data,
        StoreError::OtherSource { .. } => Exit::Usage,
        _ => Exit::Failure,
    };
    coded(exit, error)
}
