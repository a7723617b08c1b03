//! `foretaste kernel`: becomes a kernel that ends with the process that started it. Not for people.

use anyhow::{Context, Result};
use foretaste_notebook::launch;

use crate::args::KernelArgs;

pub(super) fn run(args: &KernelArgs) -> Result<()> {
    Err(launch(args.parent, &args.program)).context("cannot become the kernel")
}
