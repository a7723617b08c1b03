//! The native engine as a service: its keys in a specification, and `foretaste serve` with what they say.

use std::path::{Path, PathBuf};

use anyhow::Result;
use foretaste_deploy::emit::{Invocation, Probes};
use foretaste_deploy::plan::Worker;
use foretaste_deploy::spec::Specification;
use foretaste_server::ServerConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::keys::Keys;
use super::model::{self, model_params};
use super::notebook;
use super::task::{Limits, Task, Work};
use super::work::{Planned, beside, keys, usage, within};
use crate::args::{AccessArgs, DataArgs, InheritArg, ListenArgs, ReadArgs, ServeArgs, ThreadArgs, WorkerArgs, time};
use crate::data;
use crate::exit::{Exit, ExitWith};

/// The image that is this program.
pub(super) const IMAGE: &str = "foretaste";

/// What the engine serves, complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServeSpec {
    pub(super) data: String,
    pub(super) items: Option<String>,
    pub(super) rows: Option<u64>,
    /// As stated, and checked.
    pub(super) wait: Option<String>,
    #[serde(default)]
    pub(super) access: AccessArgs,
    /// The model's parameters, as stated.
    pub(super) model: Map<String, Value>,
}

/// How the native engine is served.
pub(super) fn work(specification: &Specification, path: &Path) -> Result<Planned> {
    if let Some(image) = specification.image.as_deref().filter(|&image| image != IMAGE) {
        return Err(usage(&format!("image `{image}` runs notebooks; a specification by itself needs image `{IMAGE}`")));
    }
    let keys: Keys = keys::<_, notebook::Keys>(specification, "notebooks")?;
    let line = Keys::of_the_model().find_map(|key| specification.work.line_of(key));
    let stated = spec(keys, line)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let files = [Some(&stated.data), stated.items.as_ref()].into_iter().flatten();
    let files = files.filter(|file| folder.join(file).exists()).map(PathBuf::from).collect();
    let here = ServeSpec {
        data: beside(folder, &stated.data)?,
        items: stated.items.as_deref().map(|items| beside(folder, items)).transpose()?,
        ..stated.clone()
    };
    let limits = Limits::of(specification);
    let by_hand = |spec: &ServeSpec| -> Result<Invocation> {
        // Memory of an earlier fit goes back at once: a limit counts what the allocator keeps for later, too.
        let environment = [("MIMALLOC_PURGE_DELAY".to_owned(), "0".to_owned())].into();
        Ok(Invocation { arguments: spec.arguments(limits)?, environment })
    };
    let (by_hand_here, container) = (by_hand(&here)?, by_hand(&stated)?);
    let worker = Worker {
        arguments: Task { limits, work: Work::Serve(here) }.arguments()?,
        here: by_hand_here,
        container,
        files,
        python: None,
        probes: Probes { alive: "/healthz", ready: "/readyz" },
    };
    Ok(Planned { worker, notes: Vec::new() })
}

/// What the keys say, checked as far as that is possible without the data; the model is stated from a line on.
fn spec(keys: Keys, line: Option<u64>) -> Result<ServeSpec> {
    let missing = || usage(&format!("`data` is missing: a file, a folder, or one of {}", data::names()));
    let stated = model::Stated { model: keys.model, params: keys.params, short: keys.short };
    let model = stated.mapping().and_then(|model| model_params(&model).map(|_| model));
    Ok(ServeSpec {
        model: model.map_err(|error| match line {
            Some(line) => error.context(format!("line {line}")),
            None => error,
        })?,
        rows: keys.rows.map(|rows| within("rows", rows, 1, u64::MAX)).transpose()?,
        data: keys.data.ok_or_else(missing)?,
        items: keys.items,
        wait: keys.wait.map(|wait| time(&wait).map(|_| wait).exit_with(Exit::Data)).transpose()?,
        access: keys.access.access().map(|_| keys.access)?,
    })
}

impl ServeSpec {
    /// The same as flags, for artefacts that people read.
    pub(super) fn arguments(&self, limits: Limits) -> Result<Vec<String>> {
        // A name that begins with a dash would be taken for a flag.
        let place = |stated: &String| if stated.starts_with('-') { format!("./{stated}") } else { stated.clone() };
        let mut arguments = vec!["serve".to_owned(), place(&self.data)];
        let reading = [("--items", self.items.as_ref().map(place)), ("--rows", self.rows.map(|rows| rows.to_string()))];
        arguments.extend(reading.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten());
        arguments.extend(model_params(&self.model)?.flags());
        arguments.extend(self.wait.iter().flat_map(|wait| ["--wait".to_owned(), wait.clone()]));
        arguments.extend(self.access.flags());
        arguments.extend(["--threads".to_owned(), limits.threads.to_string()]);
        arguments.extend(["--memory".to_owned(), limits.memory.to_string()]);
        Ok(arguments)
    }

    /// The same as the command `serve` takes it, on the socket of a supervisor.
    pub(super) fn args(self, limits: Limits, worker: &WorkerArgs) -> Result<ServeArgs> {
        let read = ReadArgs { rows: self.rows, items: self.items.map(PathBuf::from), ..ReadArgs::default() };
        Ok(ServeArgs {
            data: DataArgs { data: self.data, read },
            fit: model_params(&self.model)?,
            listen: ListenArgs::at(([127, 0, 0, 1], 0).into()),
            inherit: InheritArg { inherit: true },
            memory: Some(limits.memory),
            admin_listen: None,
            wait: self.wait.map_or(Ok(ServerConfig::default().wait), |wait| time(&wait))?,
            access: self.access,
            threads: ThreadArgs::at_most(limits.threads),
            log_format: worker.log_format,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::code_of;

    fn planned(text: &str) -> Result<Planned> {
        work(&Specification::parse(text)?, Path::new("/nowhere/films.yaml"))
    }

    fn refusal(text: &str) -> (Exit, String) {
        let error = planned(text).map(|_| text.to_owned()).expect_err(text);
        (code_of(&error), format!("{error:#}"))
    }

    fn flags(text: &str) -> String {
        planned(text).unwrap().worker.container.arguments.join(" ")
    }

    #[test]
    fn todays_specification_is_todays_command() {
        let text = "titan: v1\ncpu: 1.5\nmemory: 64MB\ndata: demo\nitems: titles.csv\nrows: 5\nmodel: svd\nrank: 7\n";
        assert_eq!(flags(text), "serve demo --items titles.csv --rows 5 --rank 7 --threads 2 --memory 64000000");
        assert_eq!(flags("titan: v1\ndata: 007\n"), "serve 007 --threads 1 --memory 1024000000");
    }

    #[test]
    fn hosts_and_origins_are_passed_on_or_refused_by_name() {
        let text = "titan: v1\ndata: demo\nhost: shop.example\ncors_origin: [https://a.example, https://b.example]\nwait: 50ms\n";
        let expected =
            "--wait 50ms --host shop.example --cors-origin https://a.example --cors-origin https://b.example";
        assert!(flags(text).contains(expected), "{}", flags(text));
        for (key, why) in [
            ("host: http://shop.example", "`http://shop.example` is no host"),
            ("cors_origin: shop.example", "is no origin"),
            ("host: {a: 1}", "host"),
            ("wait: soon", "`soon` is no time"),
        ] {
            let (_, said) = refusal(&format!("titan: v1\ndata: demo\n{key}\n"));
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn every_parameter_of_the_model_can_be_stated_in_every_way() {
        let expected = flags("titan: v1\ndata: demo\nrank: 30\ntolerance: 1e-8\nseed: 7");
        assert!(expected.contains("--rank 30 --tolerance 0.00000001 --seed 7"), "{expected}");
        for model in [
            "model: svd\nrank: 30\ntolerance: 1e-8\nseed: 7",
            "model: {model: svd, rank: 30, tolerance: 1e-8, seed: 7}",
            "model: {rank: 30, tolerance: 1e-8, seed: 7}",
            "model:\n  model: svd\n  rank: 30\ntolerance: 1e-8\nseed: 7",
            "model: svd\nparams: {rank: 30, tolerance: 1e-8, seed: 7}",
            "params: {rank: 30}\ntolerance: 1.0e-8\nseed: '7'",
        ] {
            assert_eq!(flags(&format!("titan: v1\ndata: demo\n{model}")), expected, "{model}");
        }
        for model in ["model: {model: ease, lambda: 42.5}", "model: ease\nparams: {lambda: 42.5}"] {
            let found = flags(&format!("titan: v1\ndata: demo\n{model}"));
            assert!(found.contains("serve demo --model ease --set lambda=42.5 --threads"), "{found}");
        }
    }

    #[test]
    fn what_a_model_does_not_have_is_refused_with_its_line() {
        for (model, says) in [
            ("model: gpt", "`model`: there is no model `gpt`; there are svd, popularity"),
            ("model: {model: svd, rnk: 3}", "the model `svd` has no parameter `rnk`, did you mean `rank`?"),
            ("model: [svd]", "expected a name such as `svd`"),
            ("model: 5", "expected a name such as `svd`"),
            ("model: {rank: many}", "many"),
            ("model: {rank: 3}\nrank: 4", "`rank` of the model is stated twice"),
            ("model: svd\nparams: {model: svd}", "`model` of the model is stated twice"),
            ("rank: 0", "`model`: rank 0 was asked for, allowed are 1 to"),
            ("model: {model: ease, lambda: -1}", "lambda -1 was asked for"),
            ("tolerance: .inf", "inf"),
            ("tolerance: .nan", "expected a number, found `.nan`"),
        ] {
            let (exit, message) = refusal(&format!("titan: v1\ndata: demo\n{model}\n"));
            assert!(message.contains(says) && message.contains("line 3"), "{model}: {message}");
            assert_eq!(exit, Exit::Data, "{message}");
        }
    }

    #[test]
    fn a_key_that_is_not_the_engines_is_refused_by_name() {
        let (exit, message) = refusal("titan: v1\ndata: demo\nmemry: 5MB\n");
        assert_eq!(exit, Exit::Data);
        assert!(
            message.contains("line 3: unknown key `memry` (did you mean `memory`?), expected one of titan"),
            "{message}"
        );
        let (_, message) = refusal("titan: v1\ndata: demo\nlambda: 500\n");
        assert!(message.contains("unknown key `lambda`") && message.contains("params"), "{message}");
        let (exit, message) = refusal("titan: v1\ndata: demo\nkernels: 2\n");
        assert_eq!((exit, &*message), (Exit::Usage, "`kernels` is for notebooks"));
        let (exit, message) = refusal("titan: v1\nimage: scipy\ndata: demo\n");
        assert!(exit == Exit::Usage && message.contains("runs notebooks"), "{message}");
        let (exit, message) = refusal("titan: v1\nrank: 3\n");
        assert!(exit == Exit::Usage && message.starts_with("`data` is missing"), "{message}");
        assert_eq!(refusal("titan: v1\ndata: demo\nrows: 0\n").0, Exit::Data);
    }
}
