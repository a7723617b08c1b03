//! What a worker is told: one JSON argument of the hidden command `worker`.

use anyhow::{Context, Result};
use foretaste_deploy::spec::Specification;
use serde::{Deserialize, Serialize};

use super::engine::ServeSpec;
#[cfg(feature = "notebooks")]
use super::notebook::NotebookSpec;
use crate::args::WorkerArgs;
#[cfg(feature = "notebooks")]
use crate::commands::notebook;
use crate::commands::serve;

/// The most threads that the flags of an artefact can name.
const MOST_THREADS: usize = 1024;

/// What a worker does, and with how much of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    #[serde(flatten)]
    pub(super) work: Work,
    pub(super) limits: Limits,
}

/// What a worker does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// The native engine.
    Serve(ServeSpec),
    /// A notebook.
    #[cfg(feature = "notebooks")]
    Notebook(NotebookSpec),
}

/// How much of the machine a worker may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limits {
    /// Threads that compute.
    pub(super) threads: usize,
    /// Bytes of memory.
    pub(super) memory: u64,
}

impl Limits {
    /// The limits of one replica.
    pub(super) fn of(specification: &Specification) -> Self {
        Self {
            threads: specification.cpu.unwrap_or_default().threads().min(MOST_THREADS),
            memory: specification.memory.unwrap_or_default().bytes(),
        }
    }
}

impl Task {
    /// The arguments of this program that [`run`] it.
    pub(super) fn arguments(&self) -> Result<Vec<String>> {
        Ok(vec!["worker".to_owned(), serde_json::to_string(self)?])
    }
}

/// `foretaste worker`: becomes what it is told.
pub(super) fn run(args: &WorkerArgs) -> Result<()> {
    let Task { work, limits } = serde_json::from_str(&args.task).context("the worker's task cannot be read")?;
    match work {
        Work::Serve(spec) => serve::run(&spec.args(limits, args)?),
        #[cfg(feature = "notebooks")]
        Work::Notebook(spec) => notebook::run(spec.args(limits, args)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::args::{Cli, Command, DeployCommand};
    use crate::commands::deploy::engine;
    #[cfg(feature = "notebooks")]
    use crate::commands::deploy::notebook as of_notebook;
    use crate::commands::deploy::work::Planned;
    use clap::Parser;

    fn parsed(arguments: &[String]) -> Command {
        let line = std::iter::once("foretaste").chain(arguments.iter().map(String::as_str));
        Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{arguments:?}: {error}")).command
    }

    /// The command as the worker gets it, and as an artefact types it, both told where to listen by the test.
    fn told_and_typed(Planned { worker, .. }: Planned) -> (String, String) {
        let Command::Services(DeployCommand::Worker(args)) = parsed(&worker.arguments) else { panic!("no worker") };
        let Task { work, limits } = serde_json::from_str(&args.task).unwrap();
        let told = match work {
            Work::Serve(spec) => format!("{:?}", Command::Serve(spec.args(limits, &args).unwrap())),
            #[cfg(feature = "notebooks")]
            Work::Notebook(spec) => format!("{:?}", Command::Notebook(spec.args(limits, &args))),
        };
        let mut line = worker.here.arguments;
        line.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned(), "--inherit".to_owned()]);
        (told, format!("{:?}", parsed(&line)))
    }

    #[test]
    fn the_flags_of_an_artefact_say_what_the_worker_is_told() {
        let path = Path::new("/nowhere/films.ipynb");
        for keys in [
            "data: demo",
            "data: a file with spaces and \"quotes\"",
            "data: demo\nitems: titles.csv\nrows: 18446744073709551615\ncpu: 2.5\nmemory: 1GiB",
            "data: demo\nrank: 7\ntolerance: 1.5e-9\nseed: 18446744073709551615",
            "data: demo\nmodel: {model: svd, rank: 3, tolerance: 0.1}",
            "data: demo\nmodel: {model: item_knn, weighting: bm25, neighbours: 20, positive: null}",
        ] {
            let specification = Specification::parse(&format!("titan: v1\n{keys}\n")).unwrap();
            let (told, typed) = told_and_typed(engine::work(&specification, path).unwrap());
            assert_eq!(told, typed, "{keys}");
        }
        #[cfg(feature = "notebooks")]
        for keys in ["cpu: 3", "kernels: 64\nmemory: 64MB", "cpu: 4096", "max_body: 2MB\nmax_output: 1MiB"] {
            let specification = Specification::parse(&format!("titan: v1\n{keys}\n")).unwrap();
            let (told, typed) = told_and_typed(of_notebook::work(&specification, path).unwrap());
            assert_eq!(told, typed, "{keys}");
        }
    }

    #[test]
    fn a_file_whose_name_begins_with_a_dash_is_no_flag_in_an_artefact() {
        let specification = Specification::parse("titan: v1\ndata: -x.csv\nitems: --rows\n").unwrap();
        let line = engine::work(&specification, Path::new("/nowhere/x.yaml")).unwrap().worker.container.arguments;
        let Command::Serve(args) = parsed(&line) else { panic!("{line:?}") };
        assert_eq!((&*args.data.data, args.data.read.items), ("./-x.csv", Some("./--rows".into())));
    }

    #[test]
    fn a_task_that_no_plan_has_written_is_refused() {
        let good = r#"{"serve": {"data": "demo", "items": null, "rows": null, "model": {}}, "limits": {"threads": 1, "memory": 9}}"#;
        assert!(serde_json::from_str::<Task>(good).is_ok());
        for (from, to) in [("rows", "rws"), ("serve", "sarve"), ("threads", "thread"), ("demo\"", "demo\", \"x\": 1")] {
            let bad = good.replacen(from, to, 1);
            assert!(serde_json::from_str::<Task>(&bad).is_err(), "{bad}");
        }
    }
}
