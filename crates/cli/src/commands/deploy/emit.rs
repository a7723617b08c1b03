//! `foretaste deploy --emit`: the artefact on stdout.

use std::io::Write;

use anyhow::Result;
use foretaste_deploy::emit::{self, Service};

use crate::args::Artefact;
use crate::exit::{Exit, ExitWith};
use crate::output;

pub(super) fn artefact(artefact: Artefact, service: &Service) -> Result<()> {
    if artefact == Artefact::Systemd && service.replicas > 1 {
        output::note("a systemd unit is one process; `replicas` is left out");
    }
    let text = match artefact {
        Artefact::Dockerfile => emit::dockerfile(service),
        Artefact::Compose => emit::compose(service),
        Artefact::Kubernetes => emit::kubernetes(service),
        Artefact::Systemd => emit::systemd(service),
    };
    let text = text.exit_with(Exit::Data)?;
    let mut out = output::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
