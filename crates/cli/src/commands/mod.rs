//! One file a command: what it does with what was typed.

mod bench;
mod completions;
#[cfg_attr(not(target_os = "linux"), path = "deploy_elsewhere.rs")]
mod deploy;
mod destination;
mod entrance;
mod evaluate;
mod fit;
mod generate;
mod inspect;
#[cfg(feature = "notebooks")]
mod kernel;
mod keys;
#[cfg(feature = "notebooks")]
mod notebook;
mod openapi;
mod popular;
mod predict;
mod properties;
mod recommend;
mod report;
mod serve;
mod similar;
#[cfg(feature = "store")]
mod stores;
mod tune;
mod unknown;

use anyhow::{Context, Result};
use foretaste::recommend::{ListedItem, RecommendError, Recommender};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::args::{Command, ModelArgs, ThreadArgs};
use crate::data::ready;
use crate::exit::{Exit, coded};
use crate::machine;
use crate::output::{self, Align, Table, count, counted};

/// Runs a command.
///
/// # Errors
/// Those of the command; `crate::exit` says which code each becomes.
pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(args) => serve::run(&args),
        #[cfg(feature = "notebooks")]
        Command::Notebook(args) => notebook::run(args),
        #[cfg(feature = "notebooks")]
        Command::Kernel(args) => kernel::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Recommend(args) => recommend::run(&args),
        Command::Similar(args) => similar::run(&args),
        Command::Popular(args) => popular::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Tune(args) => tune::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Services(command) => deploy::run(command),
        Command::Keys(args) => keys::run(args.command),
        #[cfg(feature = "store")]
        Command::Fsck(args) => stores::fsck(&args),
        #[cfg(feature = "store")]
        Command::Backup(args) => stores::backup(&args),
        Command::Bench(args) => bench::run(args.command),
        Command::Openapi => openapi::run(),
        Command::Completions(args) => completions::run(args.shell),
    }
}

/// Bounds the CPU of the process, if asked to; returns how many threads may compute. Call it before any thread starts.
fn threads(args: ThreadArgs) -> usize {
    let Some(asked) = args.asked() else { return machine::cpus() };
    let there = machine::cpus();
    if asked > there {
        let cpus = counted(there, "CPU");
        output::note(&format!(
            "--threads is {}, this process has {cpus} to use: it computes with {there}",
            count(asked)
        ));
    }
    machine::restrict_to(asked).min(asked)
}

/// The pool that a command computes in, and with it the bound on the process. Call it before any thread starts.
fn pool(args: ThreadArgs) -> Result<ThreadPool> {
    pool_of(threads(args))
}

/// The model of a command, read or fitted within the bound on the process. Call it before any thread starts.
fn recommender_of(args: &ModelArgs) -> Result<Recommender> {
    pool(args.threads)?.install(|| ready(&args.data, &args.fit))
}

/// A pool to compute in.
fn pool_of(threads: usize) -> Result<ThreadPool> {
    built(named(threads))
}

/// A pool to fit in beside a running service: its threads give way to those that answer requests.
fn background_pool_of(threads: usize) -> Result<ThreadPool> {
    built(named(threads).start_handler(|_| machine::give_way()))
}

fn named(threads: usize) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new().num_threads(threads).thread_name(|nth| format!("foretaste-fit-{nth}"))
}

fn built(builder: ThreadPoolBuilder) -> Result<ThreadPool> {
    builder.build().context("cannot start the threads to compute with")
}

/// An error of a request with its exit code.
fn refused(error: RecommendError) -> anyhow::Error {
    let exit = match error {
        RecommendError::UnknownUser { .. }
        | RecommendError::UnknownItem { .. }
        | RecommendError::UnratedItem { .. } => Exit::NotFound,
        _ => Exit::Usage,
    };
    coded(exit, error)
}

/// A list as a table: place, item, title, and the score under its name.
fn ranking(items: &[ListedItem<'_>], score: &'static str, shown: impl Fn(f32) -> String) -> Table<4> {
    let columns = [("", Align::Right), ("item", Align::Id), ("title", Align::Left), (score, Align::Right)];
    let mut table = Table::new(columns);
    for (at, listed) in items.iter().enumerate() {
        table.row([count(at + 1), listed.id.to_owned(), listed.title.to_owned(), shown(listed.score)]);
    }
    table
}
