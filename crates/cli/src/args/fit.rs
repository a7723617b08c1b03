//! What to fit, and with how much of the machine.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use foretaste::models::{ModelParams, Shape};
use serde_json::{Map, Value};

use super::{DataArgs, JsonArg, ShortArgs};
use crate::exit::{Exit, ExitWith};

/// `fit`
#[derive(Debug, Args)]
pub(crate) struct FitCommandArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Model file to write; one that exists is replaced
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) json: JsonArg,
}

/// A model: read, or fitted to what is read.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) fit: FitArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

/// Which model, and its parameters.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FitArgs {
    #[arg(long, value_name = "MODEL", help = models())]
    pub(crate) model: Option<String>,
    /// Parameter of the model, such as lambda=500; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// YAML file with the model and its parameters, such as `{model: ease, lambda: 500}`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "set"])]
    pub(crate) params: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) short: ShortArgs,
}

/// The help of `--model`.
fn models() -> String {
    let names: Vec<&str> = ModelParams::MODELS.iter().map(|&(name, _)| name).collect();
    format!("Model to fit: {} [default: {}]", names.join(", "), ModelParams::default().name())
}

impl FitArgs {
    /// The model and its parameters for data of this shape.
    ///
    /// # Errors
    /// A model or parameter that does not exist, or a file that cannot be read.
    pub(crate) fn params(&self, shape: &Shape) -> Result<ModelParams> {
        if let Some(path) = &self.params {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
            let parsed = serde_saphyr::from_str(&text.exit_with(Exit::NotFound)?);
            return parsed.with_context(|| format!("{} holds no model", path.display())).exit_with(Exit::Usage);
        }
        let name = self.model.as_deref().unwrap_or(ModelParams::default().name());
        ModelParams::for_shape(name, shape).and_then(|params| params.with(&self.settings())).exit_with(Exit::Usage)
    }

    /// The settings of --set, and what the flags that are short for one say.
    fn settings(&self) -> Vec<String> {
        self.short.settings().chain(self.set.iter().cloned()).collect()
    }

    /// The flags that a mapping of a model and its parameters stands for; what it holds has been checked.
    pub(crate) fn of(mapping: &Map<String, Value>) -> Self {
        let mut args = Self::default();
        for (name, value) in mapping {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if name == "model" {
                args.model = Some(text).filter(|name| name != ModelParams::default().name());
            } else if !args.short.take(name, value) {
                args.set.push(format!("{name}={text}"));
            }
        }
        args
    }

    /// The words of a command line that say the same.
    pub(crate) fn flags(&self) -> Vec<String> {
        let model = self.model.iter().flat_map(|model| ["--model".to_owned(), model.clone()]);
        let settings = self.set.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]);
        model.chain(self.short.flags()).chain(settings).collect()
    }

    /// Whether a flag was given, which does not apply to a fitted model.
    pub(crate) fn says_anything(&self) -> bool {
        self.model.is_some() || self.params.is_some() || !self.settings().is_empty()
    }
}

/// How much of the machine to use.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThreadArgs {
    /// Use at most N CPUs [default: all]
    #[arg(long, value_name = "N", env = "FORETASTE_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl ThreadArgs {
    /// The number asked for, if one was.
    pub(crate) fn asked(self) -> Option<usize> {
        self.threads.map(usize::from)
    }
}
