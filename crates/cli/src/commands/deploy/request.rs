//! What is to be deployed, read and planned: a specification or a notebook, and what goes before the words in it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use foretaste_deploy::plan::{self, Plan, PlanError, Setting};
use foretaste_deploy::spec::{Cpu, Memory, Specification};

use super::work::{Planned, text_of};
use super::{engine, notebook};
use crate::data;
use crate::exit::{Exit, ExitWith, code_of, coded};

/// A deployment that is asked for; what is `None` is as the source states it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// A specification, or a notebook that holds one.
    pub(super) source: PathBuf,
    pub(super) name: Option<String>,
    pub(super) cpu: Option<Cpu>,
    pub(super) memory: Option<Memory>,
    /// A file, a folder or the name of a data set, by its path from where the process stands.
    pub(super) data: Option<String>,
    pub(super) port: Option<u16>,
    /// How long the service may take until it is ready.
    pub(super) patience: Duration,
}

impl Request {
    /// Reads the source and plans its service; the notes are for the user.
    pub(super) fn plan(self) -> Result<(Plan, Vec<String>)> {
        let shown = self.source.display().to_string();
        let path = std::path::absolute(&self.source)?;
        let is_notebook = path.extension().is_some_and(|extension| extension == "ipynb");
        let text = if !path.exists() && data::is_built_in(&shown) {
            format!("foretaste: v1\nname: {shown}\ndata: {shown}\n")
        } else if is_notebook {
            notebook::specification(&path)?
        } else {
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {shown}")).exit_with(Exit::Data)?
        };
        let refused = || format!("cannot deploy {shown}");
        let mut specification = Specification::parse(&text).with_context(refused).exit_with(Exit::Data)?;
        let patience = self.patience;
        self.overrule(&mut specification)?;
        let is_engine = specification.image.as_deref() == Some(engine::IMAGE);
        let planned = if is_notebook && !is_engine {
            notebook::work(&specification, &path)
        } else {
            engine::work(&specification, &path)
        };
        let Planned { worker, notes } = planned.map_err(|error| match code_of(&error) {
            Exit::Data => error.context(refused()),
            _ => error,
        })?;
        let program = std::env::current_exe().context("cannot find this program")?;
        let setting = Setting { shown, path, program, environment: std::env::vars_os().collect(), patience };
        let plan = plan::plan(&specification, &setting, worker).map_err(|error| match error {
            PlanError::Name(_) => coded(Exit::Usage, error),
            _ => error.into(),
        })?;
        Ok((plan, notes))
    }

    /// What is asked for goes before what the source says.
    fn overrule(self, specification: &mut Specification) -> Result<()> {
        if let Some(data) = self.data {
            // Typed in a folder that is not the file's.
            let here = std::path::absolute(&data)?;
            specification.work.put("data", &if here.exists() { text_of(&here)? } else { data });
        }
        specification.name = self.name.or(specification.name.take());
        specification.cpu = self.cpu.or(specification.cpu);
        specification.memory = self.memory.or(specification.memory);
        specification.port = self.port.or(specification.port);
        Ok(())
    }
}
