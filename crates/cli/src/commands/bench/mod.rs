//! `foretaste bench`: measurements that stand beside others' numbers.

mod svd;
mod tutorial;

use anyhow::Result;

use crate::args::BenchCommand;

pub(super) fn run(command: BenchCommand) -> Result<()> {
    match command {
        BenchCommand::Svd(args) => svd::run(&args),
        BenchCommand::Tutorial(args) => tutorial::run(args),
    }
}
