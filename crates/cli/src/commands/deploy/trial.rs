//! Services for the length of a measurement.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use foretaste_deploy::{Home, ServiceHome, client};

use super::request::Request;
use super::told;
use crate::exit::{Exit, ExitWith};

/// How long a service that is measured may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(300);

/// A folder of services that are stopped when they have been measured.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    state: PathBuf,
    data: Option<String>,
}

/// A service that runs; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) url: String,
    /// What holds the limits.
    pub(crate) limits: String,
    service: ServiceHome,
}

impl Trial {
    /// Services in a folder.
    pub(crate) fn new(state: PathBuf) -> Self {
        Self { state, data: None }
    }

    /// The same, with data in place of what is stated.
    pub(crate) fn with_data(&self, data: &str) -> Self {
        Self { data: Some(data.to_owned()), ..self.clone() }
    }

    /// Deploys a specification or a notebook with a part of the machine.
    pub(crate) fn deploy(&self, source: PathBuf, cpu: &str, memory: &str) -> Result<Deployed> {
        let request = Request {
            source,
            name: None,
            cpu: Some(cpu.parse().exit_with(Exit::Usage)?),
            memory: Some(memory.parse().exit_with(Exit::Usage)?),
            data: self.data.clone(),
            port: None,
            patience: PATIENCE,
        };
        let (plan, _) = request.plan()?;
        let service = Home::new(self.state.clone()).service(&plan.name)?;
        let record = client::deploy(&service, plan.order).map_err(told)?;
        let limits = record.enforcement.map(|held| held.to_string()).unwrap_or_default();
        Ok(Deployed { url: record.url().unwrap_or_default(), limits, service })
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        // What was measured is measured; a service that does not stop is its supervisor's business.
        let _ = client::stop(&self.service);
    }
}
